"""What a sequence of labelled batches amounts to: persistence before alarm."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.options import ConceptOptions, PerformanceOptions
from churn_monitoring.core.records import Estimate, FeatureDrift, LabelledEvidence, Performance
from churn_monitoring.performance.verdict import (
    find_regime,
    has_dropped,
    is_concept_confirmed,
    judge_low_performance,
    reaches,
)

PERFORMANCE = PerformanceOptions(
    min_positives=30, min_negatives=30, confidence=0.95, low_points_of_three=2, drop_z=3.0, drop_floor=0.03
)
CONCEPT = ConceptOptions(
    p_value=0.001, repeated_p_value=0.01, repeat_within=3, slope_floor=0.2, auc_gap_floor=0.03, rate_floor=0.04
)
REFERENCE = Estimate(0.85, 0.84, 0.86)
SURE, REPEATED, WEAK = 0.0001, 0.005, 0.2


def measured(roc_auc: float, half_width: float = 0.05, z: float | None = 0.0) -> LabelledEvidence:
    estimate = Estimate(roc_auc, roc_auc - half_width, roc_auc + half_width)
    performance = Performance(estimate, 0.5, 0.8, 0.5, 0.5, 0.5, 0.1, 0.4, 0.4, rows=500, positives=100)
    return LabelledEvidence("b", date(2026, 1, 5), 500, 1.0, performance, None, None, z)


def with_concept(p_value: float | None, effect: float = 0.4, test: str = "calibration_slope") -> LabelledEvidence:
    concept = FeatureDrift("churned", "concept", test, 9.0, p_value, p_value, effect, drifted=False)
    return LabelledEvidence("b", date(2026, 1, 5), 500, 1.0, None, None, concept)


def dated(p_values: list[float | None]) -> list[LabelledEvidence]:
    days = [date(2026, 1, 5) + timedelta(weeks=number) for number in range(len(p_values))]
    return [
        replace(with_concept(p_value), batch_id=day.isoformat(), batch_date=day)
        for day, p_value in zip(days, p_values, strict=True)
    ]


def unlabelled() -> LabelledEvidence:
    return LabelledEvidence("b", date(2026, 1, 5), 0, 0.0, None, None, None, reason="no label has matured yet")


def judge(*roc_aucs: float, half_width: float = 0.05) -> str | None:
    return judge_low_performance([measured(one, half_width) for one in roc_aucs], 0.75, PERFORMANCE)


@pytest.mark.parametrize("roc_aucs", [(), (0.8,), (0.7, 0.7, 0.76), (0.75,)])
def test_performance_is_low_only_while_the_newest_point_is_below(roc_aucs: tuple[float, ...]) -> None:
    assert judge(*roc_aucs) is None


def test_one_low_point_whose_interval_reaches_the_threshold_is_a_warning() -> None:
    assert judge(0.8, 0.8, 0.74) == "warning"


@pytest.mark.parametrize("roc_aucs", [(0.74, 0.74), (0.74, 0.8, 0.74), (0.8, 0.74, 0.74)])
def test_two_low_points_of_the_last_three_are_critical(roc_aucs: tuple[float, ...]) -> None:
    assert judge(*roc_aucs) == "critical"


def test_a_low_point_of_four_batches_ago_is_forgotten() -> None:
    assert judge(0.74, 0.8, 0.8, 0.74) == "warning"


def test_a_point_surely_below_is_critical_at_once() -> None:
    assert judge(0.8, 0.8, 0.65) == "critical"


def test_the_upper_end_is_that_of_the_one_sided_interval() -> None:
    # two-sided the interval ends at 0.7505; one-sided, at 84 % of its half width, below 0.75
    assert judge(0.7, half_width=0.0505) == "critical"
    assert judge(0.7, half_width=0.0600) == "warning"


def test_batches_without_enough_labels_are_passed_over() -> None:
    low = [measured(0.74), unlabelled(), measured(0.74), unlabelled()]
    assert judge_low_performance(low, 0.75, PERFORMANCE) == "critical"
    assert judge_low_performance([unlabelled()], 0.75, PERFORMANCE) is None


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
    assert has_dropped([measured(0.85), measured(roc_auc, z=z)], REFERENCE, PERFORMANCE) is dropped


@pytest.mark.parametrize("labelled", [[], [unlabelled()], [measured(0.7, z=-9.0), unlabelled()]])
def test_without_new_labels_nothing_dropped(labelled: list[LabelledEvidence]) -> None:
    assert not has_dropped(labelled, REFERENCE, PERFORMANCE)


@pytest.mark.parametrize(
    ("test", "effect", "reached"),
    [
        ("calibration_slope", 0.20, True),
        ("calibration_slope", 0.19, False),
        ("roc_auc_gap", 0.03, True),
        ("roc_auc_gap", 0.02, False),
    ],
)
def test_each_concept_test_has_its_own_floor(test: str, effect: float, reached: bool) -> None:
    assert reaches(with_concept(SURE, effect, test).concept, 0.001, CONCEPT) is reached


def test_too_few_rows_to_tell_is_no_concept_drift() -> None:
    assert not reaches(None, 0.5, CONCEPT)
    assert not reaches(with_concept(None).concept, 0.5, CONCEPT)
    assert not is_concept_confirmed([], CONCEPT)


@pytest.mark.parametrize(
    ("p_values", "confirmed"),
    [
        ([SURE], True),
        ([WEAK, WEAK, SURE], True),
        ([SURE, WEAK], False),
        ([REPEATED], False),
        ([REPEATED, REPEATED], True),
        ([REPEATED, WEAK, REPEATED], True),
        ([REPEATED, WEAK, WEAK, REPEATED], False),
        ([REPEATED, None, REPEATED], True),
        ([REPEATED, REPEATED, WEAK], False),
    ],
)
def test_concept_drift_is_one_sure_batch_or_two_of_the_last_three(
    p_values: list[float | None], confirmed: bool
) -> None:
    assert is_concept_confirmed(dated(p_values), CONCEPT) is confirmed


@pytest.mark.parametrize(
    ("p_values", "regime"),
    [
        ([WEAK, WEAK, WEAK], 3),
        ([WEAK, WEAK, SURE], 1),
        ([WEAK, SURE, SURE, SURE], 3),
        ([WEAK, SURE, WEAK, SURE], 3),
        ([REPEATED, WEAK, WEAK, WEAK, SURE, SURE], 6),
        ([REPEATED, WEAK, WEAK, WEAK, WEAK, SURE], 1),
        ([SURE, SURE, WEAK, WEAK, WEAK], 5),
        ([None, None], 2),
        ([], 0),
    ],
)
def test_the_regime_begins_where_at_least_half_of_the_batches_since_are_changed(
    p_values: list[float | None], regime: int
) -> None:
    labelled = dated(p_values)
    assert find_regime(labelled, CONCEPT) == tuple(item.batch_id for item in labelled[len(labelled) - regime :])


@given(st.lists(st.sampled_from([SURE, REPEATED, WEAK, None]), max_size=10))
def test_a_regime_is_always_the_newest_batches_without_a_gap(p_values: list[float | None]) -> None:
    labelled = dated(p_values)
    found = find_regime(labelled, CONCEPT)
    assert found == tuple(item.batch_id for item in labelled)[len(labelled) - len(found) :]
    assert bool(found) == bool(labelled)
