"""Each alert rule: when it fires, when it keeps quiet, how urgent it is and under which key."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.alerting.rules import ORDER, Limits, raise_alerts
from churn_monitoring.core.options import ConceptOptions, DriftOptions, PerformanceOptions
from churn_monitoring.core.records import (
    Alert,
    Estimate,
    Evidence,
    FeatureDrift,
    Finding,
    LabelledEvidence,
    Performance,
    Quality,
    Severity,
)

LIMITS = Limits(
    performance_threshold=0.75,
    drift_share_threshold=0.30,
    drift=DriftOptions(
        min_rows=200,
        ks_floor=0.1,
        wasserstein_floor=0.1,
        total_variation_floor=0.1,
        rare_level_share=0.005,
        alert_p_value=0.001,
        prediction_p_value=0.001,
        prediction_ks_floor=0.1,
        psi_bins=10,
        reference_ratio_warning=0.2,
    ),
    performance=PerformanceOptions(
        min_positives=30, min_negatives=30, confidence=0.95, low_points_of_three=2, drop_z=3.0, drop_floor=0.03
    ),
    concept=ConceptOptions(
        p_value=0.001, repeated_p_value=0.01, repeat_within=3, slope_floor=0.2, auc_gap_floor=0.03, rate_floor=0.04
    ),
)
DAY = date(2026, 3, 2)
QUIET = Evidence("2026-03-02", DAY, 500, Quality("ok"), (), None, (), 5000, Estimate(0.85, 0.84, 0.86))
STATES = ("ok", "failed", "drifted", "low", "concept", "shifted", "moved", "large")


def drift(name: str, p_value: float | None, effect: float = 0.3, *, drifted: bool = True) -> FeatureDrift:
    return FeatureDrift(name, "numeric", "kolmogorov_smirnov", 0.2, p_value, p_value, effect, drifted=drifted)


def finding(check: str, column: str | None, severity: Any) -> Finding:
    return Finding(check, column, severity, 0.4, 0.05, f"{check} of {column}")


def measured(roc_auc: float, half_width: float = 0.05, **more: Any) -> LabelledEvidence:
    estimate = Estimate(roc_auc, roc_auc - half_width, roc_auc + half_width)
    performance = Performance(estimate, 0.5, 0.8, 0.5, 0.5, 0.5, 0.1, 0.4, 0.4, rows=500, positives=100)
    return replace(LabelledEvidence("2026-02-23", DAY, 500, 1.0, performance, None, None), **more)


def with_concept(p_value: float, effect: float, test: str) -> LabelledEvidence:
    return measured(0.8, concept=FeatureDrift("left", "concept", test, 30.0, p_value, p_value, effect, drifted=True))


def with_target(effect: float, *, drifted: bool) -> LabelledEvidence:
    return measured(0.8, target=FeatureDrift("left", "target", "chi_square", 30.0, 1e-6, 1e-6, effect, drifted=drifted))


def raise_on(**changes: Any) -> tuple[Alert, ...]:
    return raise_alerts(replace(QUIET, **changes), LIMITS)


def named(alerts: tuple[Alert, ...]) -> list[tuple[str, str]]:
    return [(alert.key, alert.severity) for alert in alerts]


def test_a_quiet_batch_raises_nothing() -> None:
    stable = (drift("age", 0.4, 0.02, drifted=False), drift("tenure", None, drifted=False))
    labelled = (with_target(0.01, drifted=False),)
    assert raise_on(features=stable, prediction=drift("score", 0.5, drifted=False), labelled=labelled) == ()


@pytest.mark.parametrize(("severity", "urgency"), [("failed", "critical"), ("warning", "warning"), ("info", "info")])
def test_each_quality_finding_is_an_alert_as_urgent_as_it_is(severity: str, urgency: Severity) -> None:
    found = finding("missing_share", "age", severity)
    (alert,) = raise_on(quality=Quality("ok", (found,)))
    assert alert == Alert("data_quality:missing_share:age", urgency, found.message, 0.4, 0.05)


def test_a_finding_about_the_whole_batch_has_a_key_without_a_column() -> None:
    assert named(raise_on(quality=Quality("ok", (finding("small_batch", None, "info"),)))) == [
        ("data_quality:small_batch", "info")
    ]


def test_realized_performance_below_the_threshold_is_an_alert_with_both_numbers() -> None:
    (alert,) = raise_on(labelled=(measured(0.74),))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("performance", "warning", 0.74, 0.75)
    assert "ROC-AUC of batch 2026-02-23 is 0.740 (0.690 to 0.790), below the threshold 0.75." in alert.message


def test_performance_surely_or_repeatedly_low_is_critical() -> None:
    assert named(raise_on(labelled=(measured(0.65),))) == [("performance", "critical")]
    assert named(raise_on(labelled=(measured(0.74), measured(0.74)))) == [("performance", "critical")]


def test_performance_at_the_threshold_is_no_alert() -> None:
    assert raise_on(labelled=(measured(0.70), measured(0.75))) == ()


def test_a_significant_drop_is_a_warning_even_above_the_threshold() -> None:
    (alert,) = raise_on(labelled=(measured(0.80, auc_drop_z=-4.0),))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("performance_drop", "warning", 0.80, 0.85)
    assert raise_on(labelled=(measured(0.80, auc_drop_z=-2.0),)) == ()


@pytest.mark.parametrize(
    ("test", "effect", "words"),
    [
        ("calibration_slope", 0.4, "the calibration slope moved by 40%"),
        ("roc_auc_gap", 0.1, "realized ROC-AUC is 0.100 below the one the scores promise"),
    ],
)
def test_confirmed_concept_drift_is_critical_and_says_what_it_saw(test: str, effect: float, words: str) -> None:
    (alert,) = raise_on(labelled=(with_concept(1e-6, effect, test),))
    assert (alert.key, alert.severity, alert.value) == ("concept_drift", "critical", 1e-6)
    assert words in alert.message
    assert "batch 2026-02-23" in alert.message


def test_one_weak_sign_of_concept_drift_is_not_an_alert_and_two_are() -> None:
    weak = with_concept(0.005, 0.4, "calibration_slope")
    assert raise_on(labelled=(weak,)) == ()
    assert named(raise_on(labelled=(weak, weak))) == [("concept_drift", "critical")]


def test_label_shift_of_the_newest_labels_is_a_warning_in_points() -> None:
    (alert,) = raise_on(labelled=(with_target(-0.061, drifted=True),))
    assert (alert.key, alert.severity, alert.threshold) == ("label_shift", "warning", 0.04)
    assert "changed by -6.1 points" in alert.message
    assert raise_on(labelled=(with_target(0.06, drifted=True), with_target(0.0, drifted=False))) == ()


def test_a_drifted_feature_is_an_alert_only_when_it_is_sure() -> None:
    others = tuple(drift(f"f{number}", 0.5, drifted=False) for number in range(9))
    assert raise_on(features=(drift("age", 0.004), *others)) == ()
    (alert,) = raise_on(features=(drift("age", 0.0004, 0.25), *others))
    assert (alert.key, alert.severity, alert.value) == ("feature_drift", "warning", 0.0004)
    assert alert.message == "Feature drift in age (effect 0.25)."


def test_the_strongest_five_drifted_features_are_named_and_the_rest_counted() -> None:
    features = tuple(drift(f"f{number}", 1e-9, number / 10) for number in range(1, 8))
    alert = next(alert for alert in raise_on(features=features) if alert.key == "feature_drift")
    assert alert.message == (
        "Feature drift in f7 (effect 0.70), f6 (effect 0.60), f5 (effect 0.50), f4 (effect 0.40), f3 (effect 0.30)"
        " and 2 more."
    )


@pytest.mark.parametrize(("drifted", "fires"), [(2, False), (3, False), (4, True)])
def test_more_drifted_features_than_the_share_is_an_alert_of_its_own(drifted: int, fires: bool) -> None:
    features = tuple(drift(f"f{number}", 0.01, drifted=number < drifted) for number in range(10))
    alerts = raise_on(features=features)
    assert named(alerts) == ([("drift_share", "warning")] if fires else [])
    if fires:
        assert (alerts[0].value, alerts[0].threshold) == (0.4, 0.30)


def test_drifted_scores_are_a_warning() -> None:
    (alert,) = raise_on(prediction=drift("score", 1e-9))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("prediction_drift", "warning", 0.2, 0.1)


@pytest.mark.parametrize(("rows", "fires"), [(1000, False), (1001, True)])
def test_a_batch_large_for_its_reference_is_information_only(rows: int, fires: bool) -> None:
    assert named(raise_on(rows=rows)) == ([("small_reference", "info")] if fires else [])


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_tiny_batches_raise_nothing_but_the_note_that_they_are_tiny(rows: int) -> None:
    features = tuple(drift(name, None, 0.9, drifted=False) for name in ("age", "tenure"))
    note = finding("small_batch", None, "info")
    alerts = raise_on(rows=rows, quality=Quality("ok", (note,)), features=features, prediction=features[0])
    assert named(alerts) == [("data_quality:small_batch", "info")]


def test_a_reference_without_rows_does_not_divide_by_zero() -> None:
    assert raise_on(rows=0, reference_rows=0) == ()
    assert named(raise_on(rows=7, reference_rows=0)) == [("small_reference", "info")]


def build_evidence(states: set[str], amount: float) -> Evidence:
    """Evidence with the named problems, all their numbers a little different for each ``amount``."""
    features = tuple(drift(name, 1e-6 * amount, amount) for name in ("age", "tenure")) if "drifted" in states else ()
    labelled = measured(0.70 - amount / 100 if "low" in states else 0.84)
    if "concept" in states:
        labelled = replace(labelled, concept=with_concept(1e-6 * amount, 0.3 + amount, "calibration_slope").concept)
    if "shifted" in states:
        labelled = replace(labelled, target=with_target(0.05 + amount, drifted=True).target)
    return replace(
        QUIET,
        rows=4000 if "large" in states else 500,
        quality=Quality("failed", (finding("constant", "age", "failed"),)) if "failed" in states else Quality("ok"),
        features=features,
        prediction=drift("score", 1e-6 * amount) if "moved" in states else None,
        labelled=(labelled,),
    )


@given(st.sets(st.sampled_from(STATES)), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_a_problem_has_the_same_key_in_every_batch_and_comes_once(
    states: set[str], first: float, second: float
) -> None:
    keys = [alert.key for alert in raise_alerts(build_evidence(states, first), LIMITS)]
    assert keys == [alert.key for alert in raise_alerts(build_evidence(states, second), LIMITS)]
    assert len(keys) == len(set(keys))
    assert bool(keys) == bool(states - {"ok"})


@given(st.sets(st.sampled_from(STATES)), st.floats(0.1, 0.9))
def test_the_most_urgent_alert_comes_first_and_then_by_key(states: set[str], amount: float) -> None:
    alerts = raise_alerts(build_evidence(states, amount), LIMITS)
    assert list(alerts) == sorted(alerts, key=lambda alert: (ORDER[alert.severity], alert.key))
    assert ORDER["critical"] < ORDER["warning"] < ORDER["info"]
    assert all(alert.message and alert.value is not None and alert.threshold is not None for alert in alerts)
