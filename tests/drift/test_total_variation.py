import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.drift import compare_total_variation
from churn_monitoring.profiling import CategoryProfile

columns = st.builds(
    CategoryProfile,
    st.dictionaries(st.sampled_from("abcde"), st.integers(1, 50), min_size=1),
    missing=st.just(0),
)


@given(reference=columns, batch=columns)
def test_it_is_the_largest_difference_of_probability_of_any_set_of_levels(
    reference: CategoryProfile, batch: CategoryProfile
) -> None:
    shares = [{level: n / column.count for level, n in column.counts.items()} for column in (reference, batch)]
    gains = [shares[0].get(level, 0.0) - shares[1].get(level, 0.0) for level in "abcde"]
    largest = sum(gain for gain in gains if gain > 0)
    assert compare_total_variation(reference, batch).distance == pytest.approx(largest, abs=1e-12)


@given(first=columns, second=columns, third=columns)
def test_it_is_a_metric(first: CategoryProfile, second: CategoryProfile, third: CategoryProfile) -> None:
    def distance(one: CategoryProfile, other: CategoryProfile) -> float:
        return compare_total_variation(one, other).distance

    assert distance(first, second) == pytest.approx(distance(second, first), abs=1e-15)
    assert distance(first, third) <= distance(first, second) + distance(second, third) + 1e-12
    assert distance(first, first) == 0.0


@pytest.mark.parametrize("rare", [0.0, 0.005])
def test_degenerate_columns_have_a_defined_answer(degenerate_categories, rare) -> None:
    distance = compare_total_variation(*degenerate_categories, rare_level_share=rare).distance
    assert np.isfinite(distance)
    assert 0.0 <= distance <= 1.0


def test_without_change_it_is_about_the_size_the_documentation_says() -> None:
    rng = np.random.default_rng(23)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    expected = np.sqrt(shares * (1 - shares) * (1 / 2_000 + 1 / 500) / (2 * np.pi)).sum()
    found = []
    for _ in range(300):
        counts = [rng.multinomial(rows, shares).tolist() for rows in (2_000, 500)]
        pair = [CategoryProfile(dict(zip("abcd", row, strict=True)), missing=0) for row in counts]
        found.append(compare_total_variation(*pair).distance)
    assert np.mean(found) == pytest.approx(expected, rel=0.1)
