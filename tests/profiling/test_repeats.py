"""Repeated rows are counted exactly while they fit, in proportion beyond, and however the chunks are cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.profiling.repeats import RepeatSketch, add_sketches, estimate_repeats, sketch_repeats


def draw_fingerprints(seed: int, distinct: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, distinct, dtype=np.uint64)


def sketch_in_chunks(fingerprints: np.ndarray, chunks: int, most_kept: int) -> RepeatSketch:
    first, *others = (sketch_repeats(part, most_kept) for part in np.array_split(fingerprints, chunks))
    for other in others:
        first = add_sketches(first, other, most_kept)
    return first


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40), st.integers(1, 5))
def test_what_fits_is_counted_exactly_however_it_is_cut(values: list[int], chunks: int) -> None:
    fingerprints = np.array(values, dtype=np.uint64)
    found = estimate_repeats(sketch_in_chunks(fingerprints, chunks, most_kept=100))
    assert found == len(values) - len(set(values))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
def test_beyond_it_the_share_is_estimated_within_five_standard_errors(share: float) -> None:
    distinct = draw_fingerprints(1, 100_000)
    fingerprints = np.random.default_rng(2).permutation(np.concatenate([distinct, distinct[: int(share * 100_000)]]))
    sketch = sketch_in_chunks(fingerprints, 7, most_kept=5_000)
    assert sketch.kept.size <= 5_000
    assert sketch.rows == fingerprints.size
    kept = sketch.kept.size
    expected = share / (1.0 + share)
    error = 5.0 * np.sqrt(expected * (1.0 - expected) / kept) * np.sqrt(2.0)
    assert abs(estimate_repeats(sketch) / sketch.rows - expected) <= error


def test_the_sketch_does_not_depend_on_how_the_rows_are_cut() -> None:
    fingerprints = draw_fingerprints(3, 50_000)
    whole, cut = (sketch_in_chunks(fingerprints, chunks, most_kept=1_000) for chunks in (1, 9))
    np.testing.assert_array_equal(np.sort(whole.kept), np.sort(cut.kept))
    assert (whole.bits, whole.rows) == (cut.bits, cut.rows)


def test_one_row_repeated_without_end_stays_within_reason() -> None:
    sketch = sketch_repeats(np.zeros(1_000, dtype=np.uint64), most_kept=10)
    assert estimate_repeats(sketch) == 999
