"""Features cut into parts: the levels of a category, slices of a number with equally many reference rows.

The reference alone decides where numbers are cut. Missing is a part of its own, and so is what the reference
has never seen, so that every row is in exactly one part of every feature, whatever the batch brings.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema

MISSING = "is missing"
NEVER_SEEN = "never seen before"


@dataclass(frozen=True, slots=True, eq=False)
class FeatureParts:
    """One feature of reference and batch, cut alike.

    Attributes:
        feature: its name.
        names: one readable name per part, the feature's included.
        reference: ``int[n]``, the part of each reference row.
        batch: ``int[m]``, the part of each batch row.
    """

    feature: str
    names: tuple[str, ...]
    reference: np.ndarray
    batch: np.ndarray

    def count(self) -> tuple[np.ndarray, np.ndarray]:
        """``int[parts]``: rows of the reference, and of the batch, in each part."""
        sizes = (np.bincount(side, minlength=len(self.names)) for side in (self.reference, self.batch))
        return next(sizes), next(sizes)

    def indicate(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``float64[len(chosen), n]`` and ``[len(chosen), m]``: 1 where the row is in the part."""
        return (chosen[:, None] == self.reference).astype(float), (chosen[:, None] == self.batch).astype(float)


def cut_parts(reference: pd.DataFrame, batch: pd.DataFrame, schema: TableSchema, bins: int) -> tuple[FeatureParts, ...]:
    """Cut every feature that both tables have.

    Args:
        reference: coerced rows, numbers float64 and categories text.
        batch: coerced rows.
        schema: which columns are numbers and which categories.
        bins: most slices of a number; fewer where its values repeat.
    """
    shared = [name for name in schema.features if name in reference.columns and name in batch.columns]
    return tuple(
        _cut_number(name, reference[name].to_numpy(float), batch[name].to_numpy(float), bins)
        if name in schema.numeric
        else _cut_category(name, reference[name], batch[name])
        for name in shared
    )


def _cut_number(feature: str, reference: np.ndarray, batch: np.ndarray, bins: int) -> FeatureParts:
    known = reference[np.isfinite(reference)]
    if not known.size:
        edges = np.empty(0)
        names: tuple[str, ...] = (NEVER_SEEN,)
    else:
        ends = _find_ends(known, bins)
        names = _name_slices(ends)
        edges = _move_off_values(ends, known)
    missing = len(names)
    slices = [np.where(np.isnan(part), missing, np.searchsorted(edges, part)) for part in (reference, batch)]
    return FeatureParts(feature, tuple(f"{feature} {name}".strip() for name in (*names, MISSING)), *slices)


def _find_ends(values: np.ndarray, bins: int) -> np.ndarray:
    """Upper ends of all slices but the last: quantiles that are values, the maximum replaced by the next lower.

    A value that more than one quantile falls on gets a slice of its own if it is an end of the range.
    """
    ordered = np.sort(values)
    below = int(np.searchsorted(ordered, ordered[-1]))
    if not below:
        return np.empty(0)
    wanted = ordered[np.arange(1, bins) * ordered.size // bins]
    return np.unique(np.minimum(wanted, ordered[below - 1]))


def _move_off_values(ends: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Cuts halfway to the next value: at the value itself, the slightest move of a count would change its slice."""
    ordered = np.sort(values)
    following = ordered[np.searchsorted(ordered, ends, side="right")]
    middle = ends / 2.0 + following / 2.0
    return np.where((ends <= middle) & (middle < following), middle, ends)


def _name_slices(ends: np.ndarray) -> tuple[str, ...]:
    if not ends.size:
        return ("",)
    texts = [f"{end:.6g}" for end in ends]
    middle = [f"{low} to {high}" for low, high in pairwise(texts)]
    return (f"up to {texts[0]}", *middle, f"above {texts[-1]}")


def _cut_category(feature: str, reference: pd.Series, batch: pd.Series) -> FeatureParts:
    codes, levels = pd.factorize(reference)
    batch_codes, batch_levels = pd.factorize(batch)
    unseen, missing = len(levels), len(levels) + 1
    position = {level: number for number, level in enumerate(levels)}
    # Missing is coded -1, which takes the last entry.
    lookup = np.array([*(position.get(level, unseen) for level in batch_levels), missing])
    names = (*(f"{feature} = {level}" for level in levels), f"{feature} {NEVER_SEEN}", f"{feature} {MISSING}")
    return FeatureParts(feature, names, np.where(codes < 0, missing, codes), lookup[batch_codes])
