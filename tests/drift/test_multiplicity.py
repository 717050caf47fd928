import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from churn_monitoring.drift import adjust_benjamini_hochberg

p_values = st.lists(st.floats(0.0, 1.0) | st.sampled_from([0.0, 0.01, 1.0]), min_size=1, max_size=30)


@given(p_values)
def test_it_equals_scipy_and_statsmodels(values: list[float]) -> None:
    adjusted = adjust_benjamini_hochberg(values)
    np.testing.assert_allclose(adjusted, false_discovery_control(values), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(adjusted, multipletests(values, method="fdr_bh")[1], rtol=1e-12, atol=1e-300)


@given(p_values)
def test_no_p_value_becomes_smaller_and_the_order_is_kept(values: list[float]) -> None:
    adjusted = adjust_benjamini_hochberg(values)
    assert (adjusted >= np.array(values) * (1 - 1e-15)).all()
    assert (np.diff(adjusted[np.argsort(values, kind="stable")]) >= 0).all()


def test_no_p_values_are_none_to_adjust() -> None:
    assert adjust_benjamini_hochberg([]).size == 0


def test_one_p_value_stays_as_it_is() -> None:
    assert adjust_benjamini_hochberg([0.03]).tolist() == [0.03]


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"not in \[0, 1\]"):
        adjust_benjamini_hochberg([0.5, wrong])


def test_the_p_values_are_not_changed() -> None:
    values = np.array([0.04, 0.01])
    adjust_benjamini_hochberg(values)
    assert values.tolist() == [0.04, 0.01]
