"""Which labelled rows a candidate learns from, is chosen on, and is reported on.

labelled rows ─┬─ train        fits the candidates
               ├─ validation   chooses one, calibrates it, sets its operating threshold
               └─ holdout      says what to expect of it; becomes the reference
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError, DataError
from churn_monitoring.core.options import TableSchema, TrainingOptions
from churn_monitoring.learning.customers import number_customers, summarize_customers
from churn_monitoring.tables.columns import read_dates

_SIDES = ("train", "validation", "holdout")
_LEFT_OUT = -1
_SNAP = 0.25  # a cut moves to the next change of date if that costs no more than this share of the smallest side


@dataclass(frozen=True, slots=True)
class Split:
    """Row positions (int64, ascending) of the three sides, and in ``notes`` what a reader should know."""

    train: np.ndarray
    validation: np.ndarray
    holdout: np.ndarray
    notes: tuple[str, ...] = ()


def split_rows(
    rows: pd.DataFrame, labels: np.ndarray, schema: TableSchema, options: TrainingOptions, seed: int
) -> Split:
    """Divide the rows with a label; no customer is on two sides.

    Where the schema names a date column the oldest rows train and the newest are held out, rows of one date
    together unless that would distort the shares. A customer with rows in several of the three periods
    keeps those of one, drawn in proportion, and the others are left out: otherwise the holdout would
    measure recognition of customers. Without a date the rows are divided at random, equally by label.

    Args:
        rows: raw or coerced rows; only the id and date columns are looked at.
        labels: float64[n] of 1.0, 0.0 and NaN; rows with NaN are on no side.
        schema: names of the columns.
        options: the shares, and ``max_training_rows`` beyond which the train side is a seeded sample.
        seed: of every random choice.

    Raises:
        ConfigurationError: the shares leave nothing to train on.
        DataError: a side lacks one of the two classes, or no date can be read.
    """
    shares = _shares(options)
    generator = np.random.default_rng(seed)
    values = np.asarray(labels, dtype=np.float64)
    labelled = np.flatnonzero(~np.isnan(values))
    known, outcomes = rows.iloc[labelled], values[labelled]
    customers = number_customers(known[schema.id]) if schema.id in known else np.arange(len(known))
    if schema.date is None:
        sides = _divide_by_label(outcomes, customers, shares, generator)
    else:
        sides = _divide_by_time(_read_time(known, schema.date), customers, shares, generator)
    train, validation, holdout = (labelled[sides == side] for side in range(len(_SIDES)))
    train = _sample(train, options.max_training_rows, generator)
    for name, side in zip(_SIDES, (train, validation, holdout), strict=True):
        _check_classes(name, values[side])
    return Split(train, validation, holdout, notes=_notes(len(rows), sides, len(train)))


def _shares(options: TrainingOptions) -> np.ndarray:
    held_back = options.validation_share + options.holdout_share
    if held_back >= 1.0:
        raise ConfigurationError(
            f"training.validation_share + training.holdout_share is {held_back:g}; it must be below 1 to "
            "leave rows to train on."
        )
    return np.array([1.0 - held_back, options.validation_share, options.holdout_share])


def _divide_by_label(
    labels: np.ndarray, customers: np.ndarray, shares: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Side per row, at random, in the given shares of the rows of customers who left and of the others."""
    positive, sizes = summarize_customers(labels, customers)
    side_of_customer = np.zeros(len(sizes), dtype=np.int64)
    for members in (np.flatnonzero(positive), np.flatnonzero(~positive)):
        shuffled = generator.permutation(members)
        middle = np.cumsum(sizes[shuffled]) - sizes[shuffled] / 2
        side_of_customer[shuffled] = np.searchsorted(np.cumsum(shares)[:-1] * sizes[shuffled].sum(), middle)
    side: np.ndarray = side_of_customer[customers]
    return side


def _divide_by_time(
    dates: np.ndarray, customers: np.ndarray, shares: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Side per row by age, then one side per customer: that of a row drawn from the customer's own."""
    shuffled = generator.permutation(len(dates))
    order = shuffled[np.argsort(dates[shuffled], kind="stable")]
    side = np.empty(len(dates), dtype=np.int64)
    side[order] = np.searchsorted(_cuts(dates[order], shares), np.arange(len(dates)), side="right")
    drawn = generator.permutation(len(dates))
    _, first = np.unique(customers[drawn], return_index=True)
    side_of_customer = side[drawn[first]]
    side[side != side_of_customer[customers]] = _LEFT_OUT
    return side


def _cuts(dates: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The two positions in ascending ``dates`` where a side begins: a near change of date, or inside one."""
    wanted: np.ndarray = np.rint(np.cumsum(shares)[:-1] * len(dates)).astype(np.int64)
    changes = np.flatnonzero(dates[1:] != dates[:-1]) + 1
    if not len(changes):
        return wanted
    nearest: np.ndarray = changes[np.abs(changes[:, None] - wanted).argmin(axis=0)]
    near = np.abs(nearest - wanted) <= _SNAP * shares.min() * len(dates)
    cuts: np.ndarray = np.where(near, nearest, wanted)
    return cuts


def _read_time(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Microseconds since 1970; a row without a readable date counts as the oldest."""
    if column not in rows:
        raise DataError(f"Column '{column}' (schema.date) is not in the table; add it or set schema.date to null.")
    dates, _ = read_dates(rows[column])
    if dates.isna().all():
        raise DataError(
            f"No value of column '{column}' (schema.date) is an ISO 8601 date; rewrite them or set schema.date to null."
        )
    return dates.to_numpy(dtype="datetime64[us]").astype(np.int64)


def _sample(positions: np.ndarray, limit: int, generator: np.random.Generator) -> np.ndarray:
    if len(positions) <= limit:
        return positions
    return np.sort(generator.choice(positions, size=limit, replace=False))


def _check_classes(side: str, labels: np.ndarray) -> None:
    positives = int(np.count_nonzero(labels > 0))
    if positives == 0 or positives == len(labels):
        raise DataError(
            f"The {side} part of the training table has {positives} customers who left and "
            f"{len(labels) - positives} who stayed; both are needed. Check schema.target and "
            "schema.positive, or give more rows."
        )


def _notes(rows: int, sides: np.ndarray, trained: int) -> tuple[str, ...]:
    dropped = int(np.count_nonzero(sides == _LEFT_OUT))
    sampled_out = int(np.count_nonzero(sides == 0)) - trained
    counts = (
        (rows - len(sides), "rows without a label were left out"),
        (dropped, "rows of customers who also appear in another period were left out"),
        (sampled_out, "training rows beyond training.max_training_rows were left out"),
    )
    return tuple(f"{count} {what}" for count, what in counts if count)
