"""Each alert rule: when it fires, when it keeps quiet, how urgent it is and under which key."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.alerting.rules import ORDER, gains_by_probe, raise_alerts
from churn_monitoring.core.levels import share_out
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import (
    Alert,
    AnchorDrift,
    ConceptTest,
    EarlierEvidence,
    Estimate,
    EstimatedPerformance,
    Evidence,
    FeatureDrift,
    Finding,
    LabelledEvidence,
    Performance,
    Probation,
    Probe,
    Quality,
    Severity,
)

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Parameters.model_validate(yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8")))
LEVELS = share_out(SHIPPED)
DAY = date(2026, 3, 2)
QUIET = Evidence("2026-03-02", DAY, 500, Quality("ok"), (), None, (), 5000, Estimate(0.85, 0.84, 0.86))
STATES = (
    "ok", "failed", "drifted", "low", "concept", "shifted", "moved", "large", "expected", "gains", "season", "far"
)  # fmt: skip


def drift(name: str, p_value: float | None, effect: float = 0.3, *, drifted: bool = True) -> FeatureDrift:
    return FeatureDrift(name, "numeric", "kolmogorov_smirnov", 0.2, p_value, p_value, effect, drifted=drifted)


def finding(check: str, column: str | None, severity: Any) -> Finding:
    return Finding(check, column, severity, 0.4, 0.05, f"{check} of {column}")


def measured(roc_auc: float, half_width: float = 0.05, **more: Any) -> LabelledEvidence:
    estimate = Estimate(roc_auc, roc_auc - half_width, roc_auc + half_width)
    performance = Performance(estimate, 0.5, 0.8, 0.5, 0.5, 0.5, 0.1, 0.4, 0.4, rows=500, positives=100)
    return replace(LabelledEvidence("2026-02-23", DAY, 500, 1.0, performance), **more)


def tell(test: Any, p_value: float, effect: float, where: str | None = None) -> LabelledEvidence:
    return measured(0.84, tests=(ConceptTest(test, 5.0, p_value, effect, where),))


def before(test: Any, p_value: float, effect: float) -> EarlierEvidence:
    return EarlierEvidence(("2026-02-16",), 400, (ConceptTest(test, 3.0, p_value, effect),), Estimate(0.84, 0.8, 0.88))


def pool(low: float, high: float) -> EarlierEvidence:
    return EarlierEvidence(("2026-02-16",), 400, (), Estimate((low + high) / 2, low, high))


def expect(roc_auc: float, half_width: float = 0.03) -> EstimatedPerformance:
    value = Estimate(roc_auc, roc_auc - half_width, roc_auc + half_width)
    return EstimatedPerformance(value, value, value, value, value, value, 500)


def gain(value: float, p_value: float) -> Probe:
    return Probe("xgboost", ("2026-02-16", "2026-02-23"), 800, 120, Estimate(value, 0.0, 2 * value), p_value)


def watch(found: float, p_value: float, previous: float | None, **more: Any) -> Probation:
    def about(value: float) -> Estimate:
        return Estimate(value, value - 0.03, value + 0.03)

    told = Probation("3", "2", ("2026-02-23",), 800, "realized", about(0.81), about(found), p_value)
    return replace(told, previous=about(previous) if previous is not None else None, **more)


def raise_on(**changes: Any) -> tuple[Alert, ...]:
    return raise_alerts(replace(QUIET, **changes), SHIPPED)


def named(alerts: tuple[Alert, ...]) -> list[tuple[str, str]]:
    return [(alert.key, alert.severity) for alert in alerts]


def test_a_quiet_batch_raises_nothing() -> None:
    stable = (drift("age", 0.4, 0.02, drifted=False), drift("tenure", None, drifted=False))
    labelled = (tell("calibration_slope", 0.4, 0.05),)
    moved = drift("score", 0.5, drifted=False)
    assert (
        raise_on(features=stable, prediction=moved, labelled=labelled, estimated=expect(0.84), probe=gain(0, 1)) == ()
    )


@pytest.mark.parametrize(("severity", "urgency"), [("failed", "critical"), ("warning", "warning"), ("info", "info")])
def test_each_quality_finding_is_an_alert_as_urgent_as_it_is(severity: str, urgency: Severity) -> None:
    found = finding("missing_share", "age", severity)
    (alert,) = raise_on(quality=Quality("ok", (found,)))
    assert alert == Alert("data_quality:missing_share:age", urgency, found.message, 0.4, 0.05)


def test_a_finding_about_the_whole_batch_has_a_key_without_a_column() -> None:
    assert named(raise_on(quality=Quality("ok", (finding("small_batch", None, "info"),)))) == [
        ("data_quality:small_batch", "info")
    ]


def test_one_low_point_is_information_with_both_numbers_and_no_more() -> None:
    (alert,) = raise_on(labelled=(measured(0.74),))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("performance", "info", 0.74, 0.75)
    assert alert.message == (
        "ROC-AUC of batch 2026-02-23 is 0.740 (0.690 to 0.790), below the threshold 0.75; that alone may be chance."
    )


def test_performance_surely_low_is_critical_at_once() -> None:
    (alert,) = raise_on(labelled=(measured(0.65),))
    assert (alert.key, alert.severity) == ("performance", "critical")
    assert "chance" not in alert.message


def test_performance_low_twice_is_critical_if_all_the_customers_together_say_so() -> None:
    twice = (measured(0.74), measured(0.74))
    assert named(raise_on(labelled=twice, earlier=pool(0.71, 0.745))) == [("performance", "critical")]
    assert named(raise_on(labelled=twice, earlier=pool(0.71, 0.78))) == [("performance", "info")]


@pytest.mark.parametrize("low", [measured(0.65), measured(0.80, auc_drop_z=-4.0)])
def test_low_performance_is_explained_by_the_mix_of_customers_where_that_is_known(low: LabelledEvidence) -> None:
    (alert,) = raise_on(labelled=(replace(low, expected_roc_auc=0.7894),))
    assert alert.message.endswith(" The mix of customers alone lets expect 0.789.")
    (bare,) = raise_on(labelled=(low,))
    assert "mix" not in bare.message


def test_performance_at_the_threshold_is_no_alert() -> None:
    assert raise_on(labelled=(measured(0.70), measured(0.75))) == ()


def test_labels_that_could_not_be_judged_raise_nothing() -> None:
    unjudged = LabelledEvidence("2026-02-23", DAY, 40, 0.2, None, reason="wait for the rest")
    assert raise_on(labelled=(unjudged,)) == ()


def test_a_significant_drop_is_a_warning_even_above_the_threshold() -> None:
    (alert,) = raise_on(labelled=(measured(0.80, auc_drop_z=-4.0),))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("performance_drop", "warning", 0.80, 0.85)
    assert raise_on(labelled=(measured(0.80, auc_drop_z=-2.0),)) == ()


def test_performance_surely_low_without_labels_is_a_warning_that_says_so() -> None:
    (alert,) = raise_on(estimated=expect(0.70))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("estimated_performance", "warning", 0.70, 0.75)
    assert (
        alert.message == "Without labels, ROC-AUC is expected to be 0.700 (0.670 to 0.730), below the threshold 0.75."
    )
    assert raise_on(estimated=expect(0.74)) == ()


@pytest.mark.parametrize(
    ("test", "effect", "where", "words"),
    [
        ("calibration_slope", -0.4, None, "the calibration slope moved by -40%"),
        ("roc_auc_gap", 0.1, None, "realized ROC-AUC is 0.100 below the one the scores promise"),
        ("local", 0.21, "plan = pro", "customers with plan = pro leave 21 points more often than their scores say"),
        ("local", -0.15, "age up to 30", "customers with age up to 30 leave 15 points less often than their scores"),
    ],
)
def test_confirmed_concept_drift_is_critical_and_says_what_it_saw(
    test: str, effect: float, where: str | None, words: str
) -> None:
    (alert,) = raise_on(labelled=(tell(test, 1e-6, effect, where),))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == (
        "concept_drift",
        "critical",
        1e-6,
        LEVELS.concept,
    )
    assert words in alert.message
    assert "batch 2026-02-23" in alert.message


def test_a_steeper_slope_is_a_warning_about_the_scores() -> None:
    (alert,) = raise_on(labelled=(tell("calibration_slope", 1e-6, 0.99),))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("timid_scores", "warning", 0.99, 0.20)
    assert "batch 2026-02-23 high and low scores differ by 99% more than they say" in alert.message


def test_one_weak_sign_of_concept_drift_is_not_an_alert_and_two_at_other_customers_are() -> None:
    weak = tell("calibration_slope", 0.005, -0.4)
    assert raise_on(labelled=(weak,)) == ()
    assert raise_on(labelled=(weak, weak)) == ()
    confirmed = raise_on(labelled=(weak,), earlier=before("roc_auc_gap", 0.005, 0.1))
    assert named(confirmed) == [("concept_drift", "critical")]
    assert raise_on(labelled=(weak,), earlier=before("roc_auc_gap", 0.05, 0.1)) == ()


def test_a_gain_by_the_probe_is_critical_and_tells_rows_and_batches() -> None:
    (alert,) = raise_on(probe=gain(0.03, 1e-5))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("probe", "critical", 0.03, 0.01)
    assert "on 800 labelled rows of 2 batches a challenger that learned from them gains 0.030 ROC-AUC" in alert.message


@pytest.mark.parametrize(
    ("value", "p_value", "fires"),
    [(0.01, 1e-5, True), (0.0099, 1e-5, False), (0.05, 0.001, False), (-0.05, 1.0, False)],
)
def test_a_gain_has_to_be_both_large_enough_and_no_luck(value: float, p_value: float, fires: bool) -> None:
    evidence = replace(QUIET, probe=gain(value, p_value))
    assert gains_by_probe(evidence, SHIPPED, LEVELS) is fires
    assert bool(raise_alerts(evidence, SHIPPED)) is fires
    assert not gains_by_probe(QUIET, SHIPPED, LEVELS)


def test_label_shift_of_the_newest_labels_is_a_warning_in_points() -> None:
    (alert,) = raise_on(labelled=(tell("intercept", 1e-6, -0.061),))
    assert (alert.key, alert.severity, alert.value, alert.threshold) == ("label_shift", "warning", -0.061, 0.04)
    assert "changed by -6.1 points beyond what its scores explain" in alert.message
    assert raise_on(labelled=(tell("intercept", 1e-6, 0.06), measured(0.84))) == ()


def test_a_churn_rate_that_the_scores_explain_is_no_label_shift() -> None:
    chi_square = FeatureDrift("left", "target", "chi_square", 90.0, 1e-20, 1e-20, 0.2, drifted=True)
    assert raise_on(labelled=(replace(tell("intercept", 0.3, 0.2), target=chi_square),)) == ()


def test_a_drifted_feature_is_an_alert_only_when_it_is_sure() -> None:
    others = tuple(drift(f"f{number}", 0.5, drifted=False) for number in range(9))
    assert raise_on(features=(drift("age", 0.001), *others)) == ()
    adjusted = replace(drift("age", 0.0004), adjusted_p_value=0.004)
    assert raise_on(features=(adjusted, *others)) == ()
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
    features = tuple(drift(f"f{number}", 1e-6, drifted=number < drifted) for number in range(10))
    alerts = {alert.key: alert for alert in raise_on(features=features)}
    assert set(alerts) == ({"drift_share", "feature_drift"} if fires else {"feature_drift"})
    if fires:
        assert (alerts["drift_share"].value, alerts["drift_share"].threshold) == (0.4, 0.30)


def test_a_share_of_drifted_features_none_of_which_is_sure_is_no_alert() -> None:
    assert raise_on(features=tuple(drift(f"f{number}", 0.01) for number in range(10))) == ()


def test_a_season_is_information_that_names_the_features_and_the_period() -> None:
    usual = replace(drift("usage", 1e-9, drifted=False), usual_in="2025-12-01 to 2025-12-28")
    (alert,) = raise_on(features=(usual, drift("age", 0.5, drifted=False)))
    assert (alert.key, alert.severity, alert.value) == ("season", "info", 0.5)
    assert alert.message == (
        "Not as in the reference as a whole: usage, but as in its period 2025-12-01 to 2025-12-28: a season, no drift."
    )


def stand_off(drifted: int) -> AnchorDrift:
    features = tuple(drift(f"f{number}", 1e-9, number / 10, drifted=number >= 10 - drifted) for number in range(10))
    return AnchorDrift("2", "2025-01-06", features)


@pytest.mark.parametrize(("drifted", "fires"), [(0, False), (3, False), (4, True)])
def test_far_from_the_anchor_is_information_that_names_version_and_features(drifted: int, fires: bool) -> None:
    alerts = raise_on(anchor=stand_off(drifted))
    assert named(alerts) == ([("anchor_drift", "info")] if fires else [])
    if fires:
        assert (alerts[0].value, alerts[0].threshold) == (0.4, 0.30)
        assert alerts[0].message == (
            "40% of the features left the anchor reference of version 2 (2025-01-06): f9 (effect 0.90), "
            "f8 (effect 0.80), f7 (effect 0.70), f6 (effect 0.60)."
        )


def test_a_broken_batch_says_nothing_of_how_far_the_business_has_moved() -> None:
    assert raise_on(anchor=stand_off(10), quality=Quality("failed")) == ()


def test_drifted_scores_are_a_warning() -> None:
    assert raise_on(prediction=drift("score", 0.001)) == ()
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
    if "season" in states:
        features = (*features, replace(drift("usage", 1e-6 * amount, drifted=False), usual_in=f"period {amount}"))
    tests = []
    if "concept" in states:
        tests.append(ConceptTest("calibration_slope", 9.0, 1e-6 * amount, -0.3 - amount))
    if "shifted" in states:
        tests.append(ConceptTest("intercept", 9.0, 1e-6 * amount, 0.05 + amount))
    return replace(
        QUIET,
        rows=4000 if "large" in states else 500,
        quality=Quality("failed", (finding("constant", "age", "failed"),)) if "failed" in states else Quality("ok"),
        features=features,
        prediction=drift("score", 1e-6 * amount) if "moved" in states else None,
        labelled=(measured(0.70 - amount / 100 if "low" in states else 0.84, tests=tuple(tests)),),
        estimated=expect(0.70 - amount / 100) if "expected" in states else None,
        probe=gain(amount, 1e-6 * amount) if "gains" in states else None,
        anchor=stand_off(9) if "far" in states and "failed" not in states else None,
    )


@given(st.sets(st.sampled_from(STATES)), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_a_problem_has_the_same_key_in_every_batch_and_comes_once(
    states: set[str], first: float, second: float
) -> None:
    keys = [alert.key for alert in raise_alerts(build_evidence(states, first), SHIPPED)]
    assert keys == [alert.key for alert in raise_alerts(build_evidence(states, second), SHIPPED)]
    assert len(keys) == len(set(keys))
    assert bool(keys) == bool(states - {"ok"})


@given(st.sets(st.sampled_from(STATES)), st.floats(0.1, 0.9))
def test_the_most_urgent_alert_comes_first_and_then_by_key(states: set[str], amount: float) -> None:
    alerts = raise_alerts(build_evidence(states, amount), SHIPPED)
    assert list(alerts) == sorted(alerts, key=lambda alert: (ORDER[alert.severity], alert.key))
    assert ORDER["critical"] < ORDER["warning"] < ORDER["info"]
    assert all(alert.message and alert.value is not None and alert.threshold is not None for alert in alerts)


def test_a_broken_promise_is_critical_where_the_champion_before_does_better_and_names_every_number() -> None:
    (alert,) = raise_on(probation=watch(0.62, 1e-6, 0.80))
    assert (alert.key, alert.severity, alert.value) == ("probation", "critical", 0.62)
    assert alert.threshold == pytest.approx(0.81 - SHIPPED.probation.floor)
    assert alert.message == (
        "Version 3 falls short of its promise: ROC-AUC 0.620 (0.590 to 0.650) on 800 labelled rows of batch "
        "2026-02-23, where its promotion showed 0.810; version 2 reaches 0.800 on the same rows."
    )


@pytest.mark.parametrize("previous", [0.61, None])
def test_a_broken_promise_is_a_warning_of_another_key_where_putting_back_would_not_help(previous: float | None) -> None:
    (alert,) = raise_on(probation=watch(0.62, 1e-6, previous))
    assert (alert.key, alert.severity) == ("promise_broken", "warning")
    assert "nothing is put back" in alert.message


@pytest.mark.parametrize(
    "probation",
    [watch(0.80, 0.4, None), watch(0.62, 0.01, 0.80), watch(0.79, 1e-6, 0.80), watch(0.62, 1e-6, 0.80, looked=False)],
    ids=["kept", "chance", "small", "shown only"],
)
def test_a_promise_that_is_kept_or_only_looked_at_in_between_raises_nothing(probation: Probation) -> None:
    assert raise_on(probation=probation) == ()
