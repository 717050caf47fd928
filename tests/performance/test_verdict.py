"""What labelled batches amount to: two looks before alarm, and each at other customers."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from churn_monitoring.core.options import ConceptOptions, PerformanceOptions
from churn_monitoring.core.records import (
    ConceptTest,
    EarlierEvidence,
    Estimate,
    EstimatedPerformance,
    LabelledEvidence,
    Performance,
)
from churn_monitoring.performance.verdict import (
    confirm_concept_drift,
    find_concept_drift,
    find_label_shift,
    find_regime,
    find_steeper_slope,
    find_test,
    floor_of,
    has_dropped,
    is_estimated_low,
    judge_low_performance,
    reaches,
    summarize_concept,
)

BASE = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text(encoding="utf-8"))
PERFORMANCE, CONCEPT = PerformanceOptions(**BASE["performance"]), ConceptOptions(**BASE["concept"])
REFERENCE = Estimate(0.85, 0.84, 0.86)
SURE, REPEATED, WEAK = 0.0001, 0.005, 0.2
LEVELS = (0.001, 0.01)
NAMES = ("intercept", "calibration_slope", "roc_auc_gap", "local")


def measured(roc_auc: float, half_width: float = 0.05, z: float | None = 0.0) -> LabelledEvidence:
    estimate = Estimate(roc_auc, roc_auc - half_width, roc_auc + half_width)
    performance = Performance(estimate, 0.5, 0.8, 0.5, 0.5, 0.5, 0.1, 0.4, 0.4, rows=500, positives=100)
    return LabelledEvidence("b", date(2026, 1, 5), 500, 1.0, performance, auc_drop_z=z)


def tell(p_value: float, effect: float = -0.4, test: Any = "calibration_slope") -> ConceptTest:
    return ConceptTest(test, 9.0, p_value, effect)


def with_tests(*tests: ConceptTest) -> LabelledEvidence:
    return replace(measured(0.84), tests=tests)


def earlier(*tests: ConceptTest, pooled: Estimate | None = None) -> EarlierEvidence:
    return EarlierEvidence(("a",), 400, tests, pooled)


def dated(p_values: list[float | None]) -> list[LabelledEvidence]:
    days = [date(2026, 1, 5) + timedelta(weeks=number) for number in range(len(p_values))]
    return [
        replace(with_tests(*([] if p_value is None else [tell(p_value)])), batch_id=day.isoformat(), batch_date=day)
        for day, p_value in zip(days, p_values, strict=True)
    ]


def unlabelled() -> LabelledEvidence:
    return LabelledEvidence("b", date(2026, 1, 5), 0, 0.0, None, reason="no label has matured yet")


def judge(*roc_aucs: float, half_width: float = 0.05, pooled: Estimate | None = None, **changes: Any) -> str | None:
    labelled, options = [measured(one, half_width) for one in roc_aucs], PERFORMANCE.model_copy(update=changes)
    return judge_low_performance(labelled, earlier(pooled=pooled), 0.75, options)


SURELY_LOW, PERHAPS_LOW = Estimate(0.73, 0.715, 0.745), Estimate(0.74, 0.71, 0.77)


@pytest.mark.parametrize("roc_aucs", [(), (0.8,), (0.7, 0.7, 0.76), (0.75,)])
def test_performance_is_low_only_while_the_newest_point_is_below(roc_aucs: tuple[float, ...]) -> None:
    assert judge(*roc_aucs, pooled=SURELY_LOW) is None


def test_one_low_point_whose_interval_reaches_the_threshold_is_only_information() -> None:
    assert judge(0.8, 0.8, 0.74, pooled=SURELY_LOW) == "info"


@pytest.mark.parametrize("roc_aucs", [(0.74, 0.74), (0.74, 0.8, 0.74), (0.8, 0.74, 0.74)])
def test_two_low_points_of_the_last_three_are_critical_if_all_their_customers_are_surely_low(
    roc_aucs: tuple[float, ...],
) -> None:
    assert judge(*roc_aucs, pooled=SURELY_LOW) == "critical"
    assert judge(*roc_aucs, pooled=PERHAPS_LOW) == "info"
    assert judge(*roc_aucs, pooled=None) == "info"


def test_without_earlier_customers_a_second_low_point_adds_nothing() -> None:
    assert judge_low_performance([measured(0.74), measured(0.74)], None, 0.75, PERFORMANCE) == "info"
    assert judge_low_performance([measured(0.65)], None, 0.75, PERFORMANCE) == "critical"


def test_a_low_point_of_four_batches_ago_is_forgotten() -> None:
    assert judge(0.74, 0.8, 0.8, 0.74, pooled=SURELY_LOW) == "info"


@pytest.mark.parametrize(("points", "verdict"), [(1, "critical"), (2, "info"), (3, "info")])
def test_how_many_low_points_it_takes_is_a_parameter(points: int, verdict: str) -> None:
    assert judge(0.8, 0.74, low_points_of_three=points) == verdict
    assert judge(0.74, 0.74, pooled=SURELY_LOW, low_points_of_three=3) == "info"


def test_a_point_surely_below_is_critical_at_once() -> None:
    assert judge(0.8, 0.8, 0.65) == "critical"


def test_the_upper_end_is_that_of_the_one_sided_interval() -> None:
    # two-sided the interval ends at 0.7505; one-sided, at 84 % of its half width, below 0.75
    assert judge(0.7, half_width=0.0505) == "critical"
    assert judge(0.7, half_width=0.0600) == "info"
    assert judge(0.7, half_width=0.0600, low_confidence=0.9) == "critical"


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_how_wide_the_shown_interval_is_does_not_change_the_verdict(confidence: float) -> None:
    shown = norm.ppf((1 + confidence) / 2)
    for standard_error, verdict in ((0.0303, "critical"), (0.0305, "info")):
        assert judge(0.7, half_width=shown * standard_error, confidence=confidence) == verdict


def test_batches_without_enough_labels_are_passed_over() -> None:
    low, pooled = [measured(0.74), unlabelled(), measured(0.74), unlabelled()], earlier(pooled=SURELY_LOW)
    assert judge_low_performance(low, pooled, 0.75, PERFORMANCE) == "critical"
    assert judge_low_performance([unlabelled()], pooled, 0.75, PERFORMANCE) is None


@given(st.lists(st.floats(0.5, 1.0), min_size=1, max_size=6), st.floats(0.0, 0.2))
def test_low_performance_is_said_if_and_only_if_the_newest_point_is_low(
    roc_aucs: list[float], half_width: float
) -> None:
    assert (judge(*roc_aucs, half_width=half_width) is not None) == (roc_aucs[-1] < 0.75)


@pytest.mark.parametrize(
    ("roc_auc", "z", "dropped"),
    [(0.80, -3.5, True), (0.80, -2.9, False), (0.83, -9.0, False), (0.90, 5.0, False), (0.80, None, False)],
)
def test_a_drop_has_to_be_both_significant_and_relevant(roc_auc: float, z: float | None, dropped: bool) -> None:
    assert has_dropped([measured(0.85), measured(roc_auc, z=z)], REFERENCE, 0.004, PERFORMANCE) is dropped


@pytest.mark.parametrize(("level", "dropped"), [(0.000235, True), (0.000230, False)])
def test_a_drop_has_to_be_below_the_level_of_the_promise_as_well(level: float, dropped: bool) -> None:
    # 3.5 standard errors have the one-sided p-value 0.0002326
    assert has_dropped([measured(0.80, z=-3.5)], REFERENCE, level, PERFORMANCE) is dropped


@pytest.mark.parametrize("labelled", [[], [unlabelled()], [measured(0.7, z=-9.0), unlabelled()]])
def test_without_new_labels_nothing_dropped(labelled: list[LabelledEvidence]) -> None:
    assert not has_dropped(labelled, REFERENCE, 0.004, PERFORMANCE)


def expect(roc_auc: float, half_width: float) -> EstimatedPerformance:
    one = Estimate(roc_auc, roc_auc - half_width, roc_auc + half_width)
    return EstimatedPerformance(one, one, one, one, one, one, 500)


@pytest.mark.parametrize(("standard_error", "low"), [(0.0150, True), (0.0155, False)])
def test_an_estimate_is_low_at_its_own_one_sided_level(standard_error: float, low: bool) -> None:
    # 0.04 below the threshold: at level 0.004 it takes 2.652 standard errors
    estimated = expect(0.71, standard_error * norm.ppf(0.975))
    assert is_estimated_low(estimated, 0.75, 0.004, PERFORMANCE) is low


def test_an_estimate_at_the_threshold_is_not_low_and_one_without_any_doubt_is() -> None:
    assert not is_estimated_low(None, 0.75, 0.9, PERFORMANCE)
    assert not is_estimated_low(expect(0.75, 0.0), 0.75, 0.9, PERFORMANCE)
    assert is_estimated_low(expect(0.7499, 0.0), 0.75, 1e-9, PERFORMANCE)


@pytest.mark.parametrize(
    ("test", "floor"), [("intercept", 0.04), ("calibration_slope", 0.20), ("roc_auc_gap", 0.03), ("local", 0.10)]
)
def test_each_concept_test_has_its_own_floor(test: str, floor: float) -> None:
    assert floor_of(tell(SURE, test=test), CONCEPT) == floor
    assert reaches(tell(SURE, floor, test), 0.001, CONCEPT)
    assert not reaches(tell(SURE, floor - 0.001, test), 0.001, CONCEPT)
    assert not reaches(tell(0.001, floor, test), 0.001, CONCEPT)


@pytest.mark.parametrize(
    ("test", "reached"), [("intercept", 1), ("calibration_slope", 1), ("local", 1), ("roc_auc_gap", 0)]
)
def test_a_change_counts_in_both_directions_except_for_a_ranking_better_than_promised(test: str, reached: int) -> None:
    assert reaches(tell(SURE, -0.4, test), 0.001, CONCEPT) == bool(reached)


def test_the_surest_test_that_reaches_its_floor_speaks_and_never_the_intercept() -> None:
    tests = (
        tell(1e-9, 0.3, "intercept"),
        tell(1e-8, 0.05, "calibration_slope"),
        tell(1e-5, 0.2, "local"),
        tell(1e-4, 0.2, "roc_auc_gap"),
    )
    assert find_concept_drift(tests, 0.001, CONCEPT) == tests[2]
    assert find_concept_drift(tests[:2], 0.001, CONCEPT) is None
    assert find_test(tests, "roc_auc_gap") == tests[3]
    assert find_test(tests[:3], "roc_auc_gap") is None


@pytest.mark.parametrize(
    ("newest", "others", "confirmed"),
    [
        (SURE, None, True),
        (SURE, WEAK, True),
        (REPEATED, None, False),
        (REPEATED, WEAK, False),
        (REPEATED, REPEATED, True),
        (REPEATED, SURE, True),
        (WEAK, SURE, False),
    ],
)
def test_concept_drift_is_one_sure_look_or_two_at_other_customers(
    newest: float, others: float | None, confirmed: bool
) -> None:
    before = None if others is None else earlier(tell(others, 0.4, "roc_auc_gap"))
    assert (confirm_concept_drift([with_tests(tell(newest))], before, LEVELS, CONCEPT) is not None) is confirmed


def test_a_weak_look_at_the_batch_before_confirms_nothing_if_all_its_customers_are_in_the_newest() -> None:
    twice = [with_tests(tell(REPEATED)), with_tests(tell(REPEATED))]
    assert confirm_concept_drift(twice, earlier(), LEVELS, CONCEPT) is None
    assert confirm_concept_drift(twice, None, LEVELS, CONCEPT) is None


def test_an_old_sign_of_concept_drift_is_none_once_newer_labels_show_nothing() -> None:
    assert confirm_concept_drift([with_tests(tell(SURE)), with_tests(tell(WEAK))], earlier(), LEVELS, CONCEPT) is None
    assert confirm_concept_drift([with_tests(tell(SURE)), unlabelled()], earlier(), LEVELS, CONCEPT) is None
    assert confirm_concept_drift([], None, LEVELS, CONCEPT) is None


def test_one_look_is_enough_at_its_level_even_where_two_are_held_to_a_stricter_one() -> None:
    assert confirm_concept_drift([with_tests(tell(SURE))], None, (0.001, 1e-9), CONCEPT) == tell(SURE)


def test_label_shift_is_told_by_the_intercept_and_not_by_the_slope() -> None:
    shifted = with_tests(tell(SURE, -0.06, "intercept"), tell(SURE, 0.5))
    assert find_label_shift([shifted], 0.001, CONCEPT) == (tell(SURE, -0.06, "intercept"), -0.06)
    assert find_label_shift([with_tests(tell(SURE, 0.5))], 0.001, CONCEPT) is None
    assert find_label_shift([with_tests(tell(SURE, 0.039, "intercept"))], 0.001, CONCEPT) is None
    assert find_label_shift([with_tests(tell(0.002, 0.06, "intercept"))], 0.001, CONCEPT) is None
    assert find_label_shift([shifted, unlabelled()], 0.001, CONCEPT) is None
    assert find_label_shift([], 0.001, CONCEPT) is None


def test_a_steeper_slope_says_that_scores_are_timid_and_is_no_concept_drift() -> None:
    steeper = with_tests(tell(SURE, 0.4))
    assert find_steeper_slope([steeper], 0.001, CONCEPT) == tell(SURE, 0.4)
    assert confirm_concept_drift([steeper], earlier(tell(SURE, 0.4)), LEVELS, CONCEPT) is None
    assert find_regime([steeper, steeper], LEVELS, CONCEPT) is None
    assert find_steeper_slope([with_tests(tell(SURE, -0.4))], 0.001, CONCEPT) is None
    assert find_steeper_slope([with_tests(tell(SURE, 0.19))], 0.001, CONCEPT) is None
    assert find_steeper_slope([with_tests(tell(0.002, 0.4))], 0.001, CONCEPT) is None
    assert find_steeper_slope([steeper, unlabelled()], 0.001, CONCEPT) is None
    assert find_steeper_slope([], 0.001, CONCEPT) is None


def test_a_steeper_slope_hides_no_test_that_tells_concept_drift() -> None:
    tests = (tell(1e-9, 0.4), tell(SURE, 0.2, "local"))
    assert find_concept_drift(tests, 0.001, CONCEPT) == tests[1]


def test_the_concept_tests_are_reported_as_one_that_pays_for_all_of_them() -> None:
    tests = (tell(1e-9, 0.3, "intercept"), tell(1e-6, 0.1), tell(1e-4, 0.2, "roc_auc_gap"), tell(0.5, 0.2, "local"))
    found = summarize_concept(tests, 0.001, CONCEPT, "churned")
    assert found is not None
    assert (found.feature, found.kind, found.test, found.drifted) == ("churned", "concept", "roc_auc_gap", True)
    assert found.p_value == 1e-4
    assert found.adjusted_p_value == pytest.approx(3e-4)


def test_tests_that_found_nothing_are_reported_by_the_surest() -> None:
    tests = (tell(0.04, 0.05), tell(0.02, 0.01, "roc_auc_gap"), tell(0.9, 0.02, "local"))
    found = summarize_concept(tests, 0.001, CONCEPT, "churned")
    assert found is not None
    assert (found.test, found.drifted) == ("roc_auc_gap", False)
    assert summarize_concept(tests[:0], 0.001, CONCEPT, "churned") is None
    assert summarize_concept((tell(SURE, 0.2, "intercept"),), 0.001, CONCEPT, "churned") is None


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.floats(0, 1), st.floats(-1, 1)), max_size=4, unique_by=lambda t: t[0])
)
def test_the_report_says_drifted_if_and_only_if_a_test_tells_concept_drift(
    drawn: list[tuple[str, float, float]],
) -> None:
    tests = tuple(tell(p_value, effect, test) for test, p_value, effect in drawn)
    found = summarize_concept(tests, 0.3, CONCEPT, "churned")
    assert (found is not None and found.drifted) == (find_concept_drift(tests, 0.3, CONCEPT) is not None)


@pytest.mark.parametrize(
    ("p_values", "regime"),
    [
        ([WEAK, WEAK, WEAK], None),
        ([WEAK, WEAK, SURE], 2),
        ([WEAK, SURE, SURE, SURE], 1),
        ([WEAK, SURE, WEAK, SURE], 1),
        ([REPEATED, WEAK, WEAK, WEAK, SURE, SURE], 0),
        ([REPEATED, WEAK, WEAK, WEAK, WEAK, SURE], 5),
        ([SURE, SURE, WEAK, WEAK, WEAK], None),
        ([REPEATED], None),
        ([WEAK, REPEATED], None),
        ([REPEATED, WEAK], None),
        ([REPEATED, REPEATED], 0),
        ([REPEATED, WEAK, REPEATED], 0),
        ([None, None], None),
        ([], None),
    ],
)
def test_the_regime_begins_where_at_least_half_of_the_batches_since_are_changed(
    p_values: list[float | None], regime: int | None
) -> None:
    labelled = dated(p_values)
    assert find_regime(labelled, LEVELS, CONCEPT) == (None if regime is None else labelled[regime].batch_id)


@given(st.lists(st.sampled_from([SURE, REPEATED, WEAK, None]), max_size=10))
def test_a_regime_begins_with_a_changed_batch_and_is_there_whenever_the_newest_is_surely_changed(
    p_values: list[float | None],
) -> None:
    labelled = dated(p_values)
    found = find_regime(labelled, LEVELS, CONCEPT)
    changed = [item.batch_id for item in labelled if find_concept_drift(item.tests, 0.01, CONCEPT)]
    assert found is None or found in changed
    assert found is not None or p_values[-1:] != [SURE]
    if found is not None and len(changed) == 1:
        assert SURE in p_values
