"""How many rows repeat an earlier one, in memory that does not grow with the rows.

fingerprints of a chunk ─ sketch_repeats ─ RepeatSketch ─ add_sketches ─ RepeatSketch ─ estimate_repeats
"""

from dataclasses import dataclass

import numpy as np

MOST_KEPT = 1_000_000
"""Fingerprints kept at most, 8 MB; below it the count is exact."""


@dataclass(frozen=True, slots=True, eq=False)
class RepeatSketch:
    """The fingerprints whose first ``bits`` bits are zero, of ``rows`` rows.

    Equal rows have equal fingerprints and are kept or left out together, so that of one in 2^bits distinct rows all
    repetitions are known.
    """

    kept: np.ndarray
    bits: int
    rows: int


def sketch_repeats(fingerprints: np.ndarray, most_kept: int = MOST_KEPT) -> RepeatSketch:
    """The sketch of one chunk.

    Args:
        fingerprints: ``uint64[n]``, evenly spread over all 64-bit numbers.
        most_kept: how many are kept at most, on average of what is drawn.
    """
    return _thin(RepeatSketch(fingerprints, 0, fingerprints.size), most_kept)


def add_sketches(first: RepeatSketch, second: RepeatSketch, most_kept: int = MOST_KEPT) -> RepeatSketch:
    """The sketch of both chunks together."""
    bits = max(first.bits, second.bits)
    kept = np.concatenate([_keep(one.kept, bits) for one in (first, second)])
    return _thin(RepeatSketch(kept, bits, first.rows + second.rows), most_kept)


def estimate_repeats(sketch: RepeatSketch) -> int:
    """Rows equal to an earlier one: exact while nothing was left out, else in proportion.

    >>> estimate_repeats(sketch_repeats(np.array([7, 8, 7, 7], dtype=np.uint64)))
    2
    """
    if not sketch.kept.size:
        return 0
    repeated = count_repeats(sketch.kept)
    return repeated if sketch.bits == 0 else round(repeated / sketch.kept.size * sketch.rows)


def count_repeats(fingerprints: np.ndarray) -> int:
    """How many of ``uint64[n]`` are equal to an earlier one: of rows' fingerprints, rows less distinct rows.

    Two different rows share a 64-bit fingerprint with probability 5e-20, so that below a billion rows the count is
    exact in practice. Sorted, which of a million numbers takes an eightieth of the time of ``np.unique``, which hashes
    them.

    >>> count_repeats(np.array([7, 8, 7, 7], dtype=np.uint64))
    2
    """
    ordered = np.sort(fingerprints)
    return int(np.count_nonzero(ordered[1:] == ordered[:-1]))


def _thin(sketch: RepeatSketch, most_kept: int) -> RepeatSketch:
    kept, bits = sketch.kept, sketch.bits
    while kept.size > most_kept and bits < 63:
        bits += 1
        kept = _keep(kept, bits)
    return RepeatSketch(kept, bits, sketch.rows)


def _keep(fingerprints: np.ndarray, bits: int) -> np.ndarray:
    return fingerprints[fingerprints >> np.uint64(64 - bits) == 0] if bits else fingerprints
