"""Do the columns of a batch still belong together? What no look at single columns can tell.

    reference ─ fit_dependencies ─ Dependencies (one multinomial logistic model per column that others explain)
    batch ──── measure_dependencies ─ DependencyMeasure (surprise beyond the reference's, per column)

Two columns joined from the wrong customers, or a category whose names were permuted, leave every margin as
it was; a column then no longer fits the others, and its own model is surprised. A change of the customers
moves margins and leaves the dependencies: the margin of the predicted column may move freely.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn_monitoring.core.narrowing import narrow_schema
from churn_monitoring.core.options import QualityOptions, TableSchema
from churn_monitoring.quality.coding import (
    MIN_ROWS,
    Coding,
    fit_category,
    fit_number,
    locate_cells,
)
from churn_monitoring.quality.column_model import ColumnModel, Dependencies
from churn_monitoring.quality.dependency_storage import dependencies_from_arrays, dependencies_to_arrays
from churn_monitoring.quality.facts import DependencyMeasure
from churn_monitoring.quality.softmax import fit_softmax, predict_softmax
from churn_monitoring.quality.surprise import Surprise, measure_surprise

__all__ = [
    "Dependencies",
    "dependencies_from_arrays",
    "dependencies_to_arrays",
    "find_surprising_rows",
    "fit_dependencies",
    "measure_dependencies",
]

HELD_SHARE = 0.4  # of the reference's customers: not learned from, but measured, for what is usual
CERTAIN_Z = 4.0  # standard errors by which something must be explained: of many columns, some are by chance


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Coded reference rows: those with a cell in every column, these cells, and which of them are held out."""

    rows: pd.DataFrame

    cells: NDArray[np.int64]
    held: NDArray[np.bool_]


def fit_dependencies(
    rows: pd.DataFrame, schema: TableSchema, importance: Mapping[str, float], options: QualityOptions, seed: int
) -> Dependencies:
    """Learn from the reference which columns can be predicted from the others, and how well.

    Every column is predicted by classes (five quantile bins of a number, the levels of a category) from the
    cells of all others. The model is fitted on three fifths of the customers; what it explains and how much it
    is surprised is measured on the others, so that a batch is compared with rows as new as its own.

    Args:
        rows: Coerced reference rows with every feature; at most ``dependency_max_rows`` of them are used.
        schema: Names the features, and the id by which rows of one customer are kept together.
        importance: Of the features to the champion: of a table of more than ``dependency_max_columns`` the most
            important so many are looked at, for the work grows with their square.
        options: A column is kept if the others explain more than ``dependency_min_r2`` of it, beyond doubt.
        seed: Of the sample and of the rows held out.

    Returns:
        The models; none for a table whose columns are independent, or too small to tell.
    """
    rng = np.random.default_rng(seed)
    if len(rows) > options.dependency_max_rows:
        rows = rows.iloc[np.sort(rng.permutation(len(rows))[: options.dependency_max_rows])]
    looked_at = narrow_schema(schema, importance, options.dependency_max_columns)
    numbers = tuple(fit_number(rows[name]) for name in looked_at.numeric)
    codings = numbers + tuple(fit_category(rows[name]) for name in looked_at.categorical)
    cells, known = locate_cells(rows, codings)
    table = _Table(rows.iloc[known], cells, _hold_out(rows, schema, rng)[known])
    fitted = (_fit_column(number, codings, table) for number in range(len(codings)))
    models = tuple(model for model in fitted if model is not None and model.r2 > options.dependency_min_r2)
    return Dependencies(codings, models, options.dependency_max_rows)


def measure_dependencies(dependencies: Dependencies, rows: pd.DataFrame) -> tuple[DependencyMeasure, ...]:
    """Measure how much worse each column fits the others than it did in the reference.

    The model's probabilities are balanced to the batch's own margin first. ``nats`` is the mean surprise (see
    :func:`~churn_monitoring.quality.surprise.measure_surprise`) less the reference's, ``z`` is that over
    ``sqrt(variance / n + reference error^2)`` with the larger of the variances that the model expects of these rows
    and that the reference's rows had: what a sound batch would have, not the batch's own, which a fault swells.

    Sees: columns joined from other rows, permuted values, swapped columns, each only where something is
    explained. Does not see: a change of a column that is independent of the others.

    Args:
        dependencies: Of the reference.
        rows: Coerced rows of the batch; not changed. Of more than ``max_rows``, evenly spaced ones are taken.

    Returns:
        One measure per column with a model, in the order of the schema; none where fewer than ``MIN_ROWS`` rows
        are left without those that have a value the reference never had the like of.
    """
    if len(rows) > dependencies.max_rows:
        rows = rows.iloc[np.linspace(0, len(rows) - 1, dependencies.max_rows).astype(np.int64)]
    measures = []
    for model, surprise, _ in _surprise_rows(dependencies, rows):
        count = surprise.rows.size
        nats = float(surprise.rows.mean()) - model.surprise
        error = float(np.sqrt(max(surprise.variance, model.variance) / count + model.error**2))
        measures.append(DependencyMeasure(model.column, model.r2, model.explained, nats, nats / error, count))
    return tuple(measures)


def find_surprising_rows(dependencies: Dependencies, rows: pd.DataFrame, column: str) -> NDArray[np.int64]:
    """int64[m]: positions of the rows that can be judged, those in which ``column`` fits least well first."""
    only = tuple(model for model in dependencies.models if model.column == column)
    for _, surprise, known in _surprise_rows(Dependencies(dependencies.codings, only, len(rows)), rows):
        return np.asarray(known[np.argsort(-surprise.rows, kind="stable")], dtype=np.int64)
    return np.empty(0, dtype=np.int64)


def _surprise_rows(
    dependencies: Dependencies, rows: pd.DataFrame
) -> Iterator[tuple[ColumnModel, Surprise, NDArray[np.int64]]]:
    """Per model: the surprise of the rows that can be judged, and their positions."""
    cells, known = locate_cells(rows, dependencies.codings)
    codings = {coding.name: coding for coding in dependencies.codings}
    if known.size >= MIN_ROWS:
        for model in dependencies.models:
            classes = codings[model.column].encode_classes(rows[model.column].iloc[known])
            yield model, measure_surprise(model.predict(cells), classes), known


def _fit_column(number: int, codings: Sequence[Coding], table: _Table) -> ColumnModel | None:
    """The model of one column; ``None`` if nothing is explained that could not be by chance."""
    coding = codings[number]
    classes, learned = coding.encode_classes(table.rows[coding.name]), ~table.held
    counts = np.bincount(classes[learned], minlength=coding.classes)
    y = classes[table.held]
    if (counts > 0).sum() < 2 or y.size < MIN_ROWS:
        return None
    margin = (counts + 0.5) / (counts + 0.5).sum()
    others, total = np.delete(table.cells, number, axis=1), sum(coding.cells for coding in codings)
    weights, intercept = fit_softmax(others[learned], total, classes[learned], coding.classes)
    expected = predict_softmax(others[table.held], weights, intercept, margin)
    gained = np.log(expected[np.arange(y.size), y] / margin[y])
    explained = float(gained.mean())
    if explained <= CERTAIN_Z * float(gained.std(ddof=1)) / np.sqrt(y.size):
        return None
    r2 = explained / -float(np.log(margin[y]).mean())
    surprise = measure_surprise(expected, y)
    mean, variance = float(surprise.rows.mean()), float(surprise.rows.var(ddof=1))
    error = float(np.sqrt(max(variance, surprise.variance) / y.size))
    return ColumnModel(coding.name, weights, intercept, margin, r2, explained, mean, variance, error)


def _hold_out(rows: pd.DataFrame, schema: TableSchema, rng: np.random.Generator) -> NDArray[np.bool_]:
    """bool[n]: which rows only measure; the rows of one customer stay together."""
    ids = rows[schema.id] if schema.id in rows.columns else pd.Series(np.arange(len(rows)))
    codes, known = pd.factorize(ids)
    customers = np.where(codes < 0, len(known) + np.arange(len(rows)), codes)
    return np.asarray(rng.random(len(known) + len(rows)) < HELD_SHARE)[customers]
