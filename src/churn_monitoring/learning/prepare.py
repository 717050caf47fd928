"""One scikit-learn Pipeline from raw rows to the probability of leaving.

    raw rows ─ CoerceRows ─┬─ numbers as they are, NaN kept (both classifiers split on missing) ─┬─ classifier
                           └─ categories as ordinals, unseen -1, missing -2                     ─┘

Ordinals, not one-hot columns: trees lose nothing by them, a category of thousands of values stays one column,
and levels that always occur together (``No internet service``) do not become copies of each other.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from churn_monitoring.core.errors import ConfigurationError, DataError
from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.scorer import Scorer
from churn_monitoring.tables.columns import read_numbers, read_text

TRUSTED_TYPES = (
    "churn_monitoring.learning.prepare.CoerceRows",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)
"""What ``skops.io.load`` must be told to trust beyond scikit-learn's own types, for either candidate."""

_MAX_CATEGORIES = 64  # levels of a category beyond which the rarest are pooled; a tree cannot learn from 3 rows
_FIXED: dict[str, dict[str, Any]] = {
    "random_forest": {"n_jobs": 1},
    "xgboost": {"n_jobs": 1, "tree_method": "hist"},
}


class CoerceRows(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Picks the feature columns out of a raw table and reads them as :mod:`churn_monitoring.tables` does.

    Extra columns and the order of columns do not matter. Learns nothing, so that a batch cannot be read in
    another way than the training table was.
    """

    def __init__(self, numeric: list[str], categorical: list[str]) -> None:
        self.numeric = numeric
        self.categorical = categorical

    def fit(self, rows: pd.DataFrame, labels: Any = None) -> Self:
        """Only checks that the columns are there."""
        del labels
        self._check_columns(rows)
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Numbers as float64 and categories as text objects, in the order given at construction.

        Raises:
            DataError: a feature column is absent.
        """
        self._check_columns(rows)
        numbers = {name: read_numbers(rows[name])[0] for name in self.numeric}
        texts = {name: read_text(rows[name]).astype(object) for name in self.categorical}
        return pd.DataFrame(numbers | texts, index=rows.index)

    def __sklearn_is_fitted__(self) -> bool:
        """There is nothing to learn."""
        return True

    def _check_columns(self, rows: pd.DataFrame) -> None:
        absent = [name for name in (*self.numeric, *self.categorical) if name not in rows.columns]
        if absent:
            raise DataError(f"The model needs these columns, which the rows lack: {', '.join(absent)}.")


def build_candidate(name: str, schema: TableSchema, params: Mapping[str, Any], seed: int) -> Pipeline:
    """An unfitted candidate.

    Args:
        name: ``random_forest`` or ``xgboost``.
        schema: names the feature columns.
        params: of the classifier, over one thread and histogram trees; ``max_categories`` (default 64) is the
            encoder's.
        seed: of the classifier.

    Raises:
        ConfigurationError: the name or one of the parameters is unknown.
    """
    settings = {**_FIXED.get(name, {}), "random_state": seed, **params}
    max_categories = settings.pop("max_categories", _MAX_CATEGORIES)
    numeric, categorical = list(schema.numeric), list(schema.categorical)
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=-1,
        encoded_missing_value=-2,
        max_categories=max_categories,
    )
    columns = [("numbers", "passthrough", numeric), ("categories", encoder, categorical)]
    steps = [
        ("coerce", CoerceRows(numeric, categorical)),
        ("encode", ColumnTransformer(columns)),
        ("classifier", _build_classifier(name, settings)),
    ]
    return Pipeline(steps)


def fit_candidate(
    candidate: Pipeline, rows: pd.DataFrame, labels: np.ndarray, weights: np.ndarray | None = None
) -> Pipeline:
    """A fitted copy of ``candidate``, which itself stays unfitted.

    Args:
        candidate: of :func:`build_candidate`.
        rows: raw or coerced rows.
        labels: float64[n] of 1.0 and 0.0.
        weights: float64[n] of each row in training, or ``None`` for equal ones.

    Raises:
        DataError: labels are missing or all the same, or a feature column is absent.
    """
    outcomes = np.asarray(labels, dtype=np.float64)
    unlabelled = int(np.isnan(outcomes).sum())
    if set(np.unique(outcomes).tolist()) != {0.0, 1.0}:
        raise DataError(
            f"Training needs rows of both outcomes and a label for each; {len(outcomes)} rows were given "
            f"with {int(np.nansum(outcomes > 0))} who left and {unlabelled} without a label."
        )
    fit_options = {} if weights is None else {"classifier__sample_weight": np.asarray(weights, dtype=np.float64)}
    return clone(candidate).fit(rows, outcomes.astype(np.int64), **fit_options)


def score_rows(candidate: Pipeline, rows: pd.DataFrame) -> np.ndarray:
    """float64[n]: the fitted candidate's probability of leaving, uncalibrated; no rows give no scores."""
    return Scorer(candidate).score_table(rows)


def _build_classifier(name: str, settings: dict[str, Any]) -> BaseEstimator:
    classifier = _classifier_class(name)
    unknown = sorted(set(settings) - set(classifier().get_params()))
    if unknown:
        raise ConfigurationError(f"training.candidates.{name} has no parameter {', '.join(unknown)}; remove it.")
    return classifier(**settings)


def _classifier_class(name: str) -> Any:
    if name == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier
    if name == "xgboost":
        from xgboost import XGBClassifier

        return XGBClassifier
    raise ConfigurationError(f"training.candidates names '{name}'; known are {', '.join(sorted(_FIXED))}.")
