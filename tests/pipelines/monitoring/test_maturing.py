"""Which batches' labels count, what they say of which champion, and when the probe is asked."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.records import (
    ConceptTest,
    Estimate,
    Evidence,
    FeatureDrift,
    LabelledEvidence,
    Probe,
    Quality,
)
from churn_monitoring.performance.labels import LabelTable
from churn_monitoring.pipelines.monitoring import maturing, measuring
from churn_monitoring.pipelines.monitoring.maturing import LabelledBatches

from .conftest import DAY

WEEKS = ("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23")


def named(matured):
    return [item.batch_id for item in matured]


# --- Which labels are read -------------------------------------------------------------------------------


def read_names(ledger, batch, champion, policy, names):
    asked = []
    rows = pd.DataFrame({"id": ["c"], "label": ["yes"]})
    files = {name: lambda name=name: (asked.append(name), rows)[1] for name in names}
    maturing.gather_known_labels(files, batch, champion, ledger, policy)
    return asked


def test_label_files_too_old_for_the_window_or_not_there_yet_are_not_read(batch, champion, change, judge, deliver):
    ledger = [judge(deliver(name)) for name in WEEKS]
    policy = change(labels={"window_batches": 1})
    names = ["2026-03-09", "2026-03-15", "2026-03-16", "2026-03-30", "2026-03-31", "no date"]
    assert read_names(ledger, batch, champion, policy, names) == ["2026-03-16", "2026-03-30", "no date"]


def test_before_anything_was_judged_labels_from_the_day_of_the_batch_on_are_read(batch, champion, parameters):
    assert read_names([], batch, champion, parameters, ["2026-03-29", "2026-03-30"]) == ["2026-03-30"]


# --- Which batches have matured --------------------------------------------------------------------------


def test_this_batch_and_earlier_ones_are_gathered_oldest_first(gather):
    assert named(gather({"2026-03-23": {}, "2026-03-09": {}})) == ["2026-03-09", "2026-03-23", "2026-03-30"]


def test_broken_rejected_and_later_batches_and_those_without_predictions_are_left_out(gather):
    entries = {
        "2026-03-02": {"action": "fix_data"},
        "2026-03-09": {"action": "fix_data", "rejected": True},
        "2026-03-16": {"action": "alert"},
        "2026-03-23": {"action": "retrain"},
        "2026-04-06": {},
        "2026-02-02": {},
    }
    assert named(gather(entries, absent={"2026-02-02"})) == ["2026-03-16", "2026-03-23", "2026-03-30"]


def test_a_broken_batch_with_labels_is_no_evidence_and_is_not_estimated(batch, rows, gather, champion, parameters):
    matured = gather({"2026-03-23": {}}, status="failed")
    assert named(matured) == ["2026-03-23"]
    assert named(maturing.measure_matured_batches(matured, champion, (), parameters).own) == ["2026-03-23"]
    scored, _, _ = measuring.score_batch(batch, rows, champion)
    broken, sound = (
        maturing.estimate_batch_performance(rows, scored, Quality(status), champion, parameters)["estimated"]
        for status in ("failed", "warning")
    )
    assert broken is None
    assert sound.rows == 600


def test_a_batch_that_was_sound_and_is_delivered_again_broken_is_no_evidence_either(gather):
    assert named(gather({"2026-03-23": {}, "2026-03-30": {}}, status="failed")) == ["2026-03-23"]
    assert named(gather({"2026-03-23": {}, "2026-03-30": {"action": "fix_data"}})) == ["2026-03-23", "2026-03-30"]


def test_a_batch_without_a_single_label_takes_no_place_in_the_window(gather):
    entries = {"2026-03-09": {}, "2026-03-16": {}, "2026-03-23": {}}
    assert named(gather(entries, unlabelled={"2026-03-23"}, window=2)) == ["2026-03-16", "2026-03-30"]


def test_only_batches_old_enough_are_gathered(gather):
    entries = {"2026-03-02": {}, "2026-03-23": {}}
    assert named(gather(entries, maturity_days=14)) == ["2026-03-02"]
    assert named(gather(entries, maturity_days=7)) == ["2026-03-02", "2026-03-23"]


def test_labels_that_came_late_are_joined_to_an_older_batch(gather, keep):
    ids = keep(10)[0]["id"].iloc[:100]
    table = pd.DataFrame({"id": ids, "label": 1.0, "batch": "2026-03-09"}).astype(object)
    matured = gather({"2026-03-09": {}}, unlabelled={"2026-03-09"}, labels=LabelTable(table))
    assert named(matured) == ["2026-03-09", "2026-03-30"]
    assert matured[0].scored.known.sum() == 100


def test_features_stand_in_the_order_of_the_predictions_and_come_with_the_newest_batches_only(gather, champion):
    matured = gather({name: {} for name in ("2026-02-16", "2026-02-23", *WEEKS)})
    with_features = [item for item in matured if item.scored.rows.shape[1]]
    assert named(with_features) == [*WEEKS[-3:], "2026-03-30"]
    for item in with_features:
        assert np.array_equal(champion.score(item.scored.rows), item.scored.scores)
        assert item.scored.rows["customer"].tolist() == item.scored.ids.tolist()
    assert all(len(item.scored.rows) == len(item.scored.labels) for item in matured)


# --- What their labels say -------------------------------------------------------------------------------


def test_a_batch_of_an_earlier_champion_is_measured_and_is_no_evidence_about_this_one(gather, champion, parameters):
    matured = gather({"2026-03-16": {"version": "1"}, "2026-03-23": {}})
    found = maturing.measure_matured_batches(matured, champion, (), parameters)
    assert named(found.everything) == ["2026-03-16", "2026-03-23", "2026-03-30"]
    assert named(found.own) == ["2026-03-23", "2026-03-30"]
    assert found.earlier.batches == ("2026-03-23",)
    earlier = found.everything[0]
    assert earlier.performance is not None
    assert (earlier.target, earlier.tests, earlier.auc_drop_z) == (None, (), None)
    assert found.own[0].tests


def test_concept_tests_are_made_of_the_newest_and_of_what_has_not_been_told(
    gather, champion, parameters, judge, deliver
):
    matured = gather({"2026-03-16": {}, "2026-03-23": {}})
    ledger = [
        judge(deliver("2026-03-16"), concept_p_value=0.4),
        judge(deliver("2026-03-23"), roc_auc=0.8),
        judge(deliver("2026-03-30"), concept_p_value=0.3),
    ]
    told, untold, newest = maturing.measure_matured_batches(matured, champion, ledger, parameters).everything
    assert told.performance is not None
    assert told.tests == ()
    assert {test.test for test in untold.tests} == {test.test for test in newest.tests}
    assert {"intercept", "calibration_slope", "roc_auc_gap"} <= {test.test for test in newest.tests}


def few(keep, seed, rows):
    """Labels of the first rows of the batch drawn with that seed."""
    predictions = keep(seed)[0].iloc[:rows]
    told = {"id": predictions["id"], "label": predictions["label"], "batch": None}
    return LabelTable(pd.DataFrame(told).astype(object))


@pytest.mark.parametrize(("known", "usable"), [(199, False), (200, True)])
def test_labels_of_less_than_half_of_a_batch_say_why_they_are_no_evidence(
    gather, champion, parameters, keep, known, usable
):
    matured = gather({"2026-03-23": {}}, unlabelled={"2026-03-23"}, labels=few(keep, 10, known))
    found = maturing.measure_matured_batches(matured, champion, (), parameters)
    assert named(found.everything) == ["2026-03-23", "2026-03-30"]
    assert ("2026-03-23" in named(found.own)) is usable
    first = found.everything[0]
    assert (first.performance is not None, first.label_coverage) == (usable, known / 400)
    assert usable or first.reason == "50% of the labels have come, 50% are needed: wait for the rest"


def test_labels_missing_where_scores_are_high_say_why_they_are_no_evidence(gather, champion, parameters, keep):
    predictions = keep(10)[0].sort_values("score").iloc[:300]
    told = {"id": predictions["id"], "label": predictions["label"], "batch": None}
    labels = LabelTable(pd.DataFrame(told).astype(object))
    matured = gather({"2026-03-23": {}}, unlabelled={"2026-03-23"}, labels=labels)
    found = maturing.measure_matured_batches(matured, champion, (), parameters)
    assert named(found.own) == ["2026-03-30"]
    assert "100 labels are still missing and not at random" in found.everything[0].reason


def test_the_batches_before_the_newest_are_judged_by_other_customers(gather, champion, parameters):
    matured = gather({"2026-03-16": {}, "2026-03-23": {}})
    met = matured[-1].scored.ids.iloc[:150]
    ids = matured[0].scored.ids.copy()
    ids.iloc[:150] = met.to_numpy()
    again = (replace(matured[0], scored=replace(matured[0].scored, ids=ids)), *matured[1:])
    alone = maturing.measure_matured_batches(matured, champion, (), parameters).earlier
    without = maturing.measure_matured_batches(again, champion, (), parameters).earlier
    assert (alone.batches, without.batches) == (("2026-03-16", "2026-03-23"),) * 2
    assert (alone.rows, without.rows) == (800, 650)


def test_without_a_label_there_is_nothing_to_say(champion, parameters):
    assert maturing.measure_matured_batches((), champion, (), parameters) == LabelledBatches()


# --- The probe -------------------------------------------------------------------------------------------

DRIFTED = FeatureDrift("age", "numeric", "kolmogorov_smirnov", 0.4, 1e-12, 1e-12, 0.8, drifted=True)
CALM = replace(DRIFTED, p_value=0.4, adjusted_p_value=0.4, drifted=False)
GAIN = Probe("random_forest", ("2026-03-30",), 600, 200, Estimate(0.05, 0.03, 0.07), 1e-6)


def judged(slope_p_value):
    """Labels of the batch whose calibration slope moved by half."""
    test = ConceptTest("calibration_slope", 40.0, slope_p_value, -0.5)
    return LabelledEvidence("2026-03-30", DAY, 600, 1.0, None, tests=(test,))


@pytest.fixture
def ask(gather, champion, parameters, judge, deliver, monkeypatch):
    """Ask the probe in vain; gives the batches it was asked over, or None where it was not."""

    def call(actions, *, feature=DRIFTED, status="ok", labelled=(), maturity_days=0, versions=None):
        told = {
            name: {"action": action, "version": (versions or {}).get(name, "2")} for name, action in actions.items()
        }
        ledger = [judge(deliver(name), **entry) for name, entry in told.items()]
        matured = gather(told, maturity_days=maturity_days)
        asked = []
        monkeypatch.setattr(
            maturing, "measure_probe", lambda _champion, batches, _build, _policy: (asked.append(batches), GAIN)[1]
        )
        roc_auc = champion.roc_auc
        evidence = Evidence("2026-03-30", DAY, 600, Quality(status), (feature,), None, labelled, 3000, roc_auc)
        found = maturing.ask_probe(evidence, matured, champion, ledger, parameters)
        assert found == replace(evidence, probe=GAIN if asked else None)
        return [batch.batch_id for batch in asked[0]] if asked else None

    return call


def test_the_probe_is_asked_only_when_something_changed(ask):
    assert ask({"2026-03-23": "none"}) == ["2026-03-30"]
    assert ask({"2026-03-23": "none"}, feature=CALM) is None


def test_it_is_not_asked_of_a_broken_batch_nor_where_the_concept_is_known_to_have_changed(ask):
    assert ask({}, status="failed") is None
    assert ask({}, labelled=(judged(1e-9),)) is None
    assert ask({}, labelled=(judged(0.4),)) == ["2026-03-30"]


def test_it_is_asked_over_the_changed_batches_in_a_row_up_to_the_newest(ask):
    actions = {"2026-03-02": "alert", "2026-03-09": "none", "2026-03-16": "alert", "2026-03-23": "retrain"}
    assert ask(actions) == ["2026-03-16", "2026-03-23", "2026-03-30"]


def test_where_the_labels_of_the_changed_batches_have_not_matured_it_has_nothing_to_look_at(ask):
    actions = {"2026-03-09": "none", "2026-03-16": "none", "2026-03-23": "alert"}
    assert ask(actions, maturity_days=14) == []
    assert ask(actions, maturity_days=7) == ["2026-03-23"]


def test_batches_of_an_earlier_champion_are_not_probed(ask):
    actions = {"2026-03-16": "alert", "2026-03-23": "alert"}
    assert ask(actions, versions={"2026-03-16": "1"}) == ["2026-03-23", "2026-03-30"]


def test_a_challenger_of_the_champions_kind_gains_on_labels_that_mean_the_opposite_by_now(
    gather, champion, change, judge, deliver
):
    forest = {"estimator": "random_forest", "n_estimators": 20, "min_samples_leaf": 20}
    policy = change(training={"candidates": {"random_forest": forest}})
    matured = gather({"2026-03-23": {"action": "alert"}}, slopes={"2026-03-23": -0.4})[:1]
    ledger = [judge(deliver("2026-03-23"), "alert")]
    evidence = Evidence("2026-03-30", DAY, 600, Quality("ok"), (DRIFTED,), None, (), 3000, champion.roc_auc)
    probe = maturing.ask_probe(evidence, matured, champion, ledger, policy).probe
    assert (probe.batches, probe.rows, probe.candidate) == (("2026-03-23",), 400, "random_forest")
    assert probe.positives == matured[0].scored.labels.sum()
    assert probe.gain.low > 0
