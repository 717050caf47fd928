"""A fitted candidate as arrays: the same scores without reading, copying and comparing text again.

    numbers, codes of text ─ ordinals looked up per level ─ one float32 matrix ─ classifier ─ scores

Both classifiers work on float32; the candidate's own pipeline makes the same matrix by way of a table of Python
objects, at many times the cost.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from churn_monitoring.tables.arrow import Codes, recode, spell_codes
from churn_monitoring.tables.columns import read_numbers, read_text

_LARGEST = float(np.finfo(np.float32).max)
_UNSEEN = "\0"  # no level of a table: canonical text is never of this


class Scorer:
    """Scores rows as ``candidate.predict_proba`` does.

    Args:
        candidate: fitted pipeline of :func:`~churn_monitoring.learning.prepare.build_candidate`.
    """

    def __init__(self, candidate: Pipeline) -> None:
        self._coerce = candidate.named_steps["coerce"]
        self.numeric: tuple[str, ...] = tuple(self._coerce.numeric)
        self.categorical: tuple[str, ...] = tuple(self._coerce.categorical)
        self._classifier: Any = candidate.named_steps["classifier"]
        encoder = candidate.named_steps["encode"].named_transformers_["categories"]
        self._ordinals = _tabulate_ordinals(encoder, self.categorical) if self.categorical else {}

    def score(self, numbers: Mapping[str, np.ndarray], codes: Mapping[str, Codes], rows: int) -> np.ndarray:
        """``float64[rows]``, the probability of leaving as the classifier gives it.

        Args:
            numbers: ``float64[rows]`` by numeric feature, NaN where missing.
            codes: by categorical feature.
            rows: their length; no row gives no scores.
        """
        return self.score_matrix(self._build_matrix(numbers, codes, rows))

    def score_matrix(self, matrix: np.ndarray) -> np.ndarray:
        """``float64[n]`` of ``float32[n, features]`` as :meth:`read_matrix` gives it; no row gives no scores."""
        if not len(matrix):
            return np.empty(0)
        return np.asarray(self._classifier.predict_proba(matrix)[:, 1], dtype=float)

    @property
    def features(self) -> tuple[str, ...]:
        """What the columns of the matrix are."""
        return self.numeric + self.categorical

    @cached_property
    def used(self) -> frozenset[str]:
        """The features that some tree splits on: a score does not depend on any other."""
        if hasattr(self._classifier, "get_booster"):
            # Without names of its own the booster calls its columns f0, f1, ...
            split = {int(name[1:]) for name in self._classifier.get_booster().get_score(importance_type="weight")}
        else:
            split = {int(place) for tree in self._classifier.estimators_ for place in tree.tree_.feature if place >= 0}
        return frozenset(self.features[place] for place in split)

    def _build_matrix(self, numbers: Mapping[str, np.ndarray], codes: Mapping[str, Codes], rows: int) -> np.ndarray:
        matrix = np.empty((rows, len(self.features)), dtype=np.float32)
        for place, name in enumerate(self.numeric):
            # What is too large for float32 is as large as can be: both classifiers refuse infinity.
            np.clip(numbers[name], -_LARGEST, _LARGEST, out=matrix[:, place], casting="same_kind")
        for place, name in enumerate(self.categorical, start=len(self.numeric)):
            matrix[:, place] = self._look_up(name, codes[name])
        return matrix

    def score_table(self, rows: pd.DataFrame) -> np.ndarray:
        """The same of raw or coerced rows.

        Raises:
            DataError: a feature column is absent.
        """
        return self.score_matrix(self.read_matrix(rows))

    def read_matrix(self, rows: pd.DataFrame) -> np.ndarray:
        """``float32[n, features]`` of raw or coerced rows, as the classifier takes them.

        Raises:
            DataError: a feature column is absent.
        """
        self._coerce.fit(rows)  # only checks the columns
        numbers = {name: read_numbers(rows[name])[0].to_numpy() for name in self.numeric}
        return self._build_matrix(numbers, {name: _encode(rows[name]) for name in self.categorical}, len(rows))

    def _look_up(self, name: str, column: Codes) -> np.ndarray:
        known = self._ordinals[name]
        # A missing value is coded -1, which takes the last entry.
        lookup = [known.get(level, known[_UNSEEN]) for level in column.levels]
        return np.asarray(np.array([*lookup, known[None]], dtype=np.float32)[column.codes])


class TableScorer:
    """Scores by any other model, which takes rows as a table.

    Args:
        model: with a ``predict_proba`` of coerced rows.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def score(self, numbers: Mapping[str, np.ndarray], codes: Mapping[str, Codes], rows: int) -> np.ndarray:
        """As :meth:`Scorer.score`."""
        texts = {name: spell_codes(column).cast("string").to_pandas() for name, column in codes.items()}
        return self.score_table(pd.DataFrame({**numbers, **texts}, index=range(rows)))

    def score_table(self, rows: pd.DataFrame) -> np.ndarray:
        """As :meth:`Scorer.score_table`."""
        if rows.empty:
            return np.empty(0)
        return np.asarray(self._model.predict_proba(rows)[:, 1], dtype=float)


def _encode(values: pd.Series) -> Codes:
    codes, levels = pd.factorize(values if values.dtype == "str" else read_text(values))
    return recode(codes, levels.tolist())


def _tabulate_ordinals(encoder: Any, columns: tuple[str, ...]) -> dict[str, dict[str | None, float]]:
    """What the encoder makes of every level, of one it has not seen and of none, by asking it."""
    levels = [[level for level in known if isinstance(level, str)] for known in encoder.categories_]
    longest = max(map(len, levels))
    asked = [[*known, *[_UNSEEN] * (longest - len(known)), _UNSEEN, None] for known in levels]
    table = pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in zip(columns, asked, strict=True)})
    given = np.asarray(encoder.transform(table), dtype=float)
    return {
        name: dict(zip(column, given[:, place].tolist(), strict=True))
        for place, (name, column) in enumerate(zip(columns, asked, strict=True))
    }
