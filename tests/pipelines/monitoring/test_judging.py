"""One record of evidence, two verdicts on it, and whose acts."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from churn_monitoring.core.records import (
    Attempt,
    Estimate,
    Evidence,
    Finding,
    LabelledEvidence,
    Performance,
    Quality,
)
from churn_monitoring.pipelines.monitoring import judging, maturing
from churn_monitoring.pipelines.monitoring.arriving import Arrival
from churn_monitoring.pipelines.monitoring.maturing import LabelledBatches

from .conftest import DAY


@pytest.fixture
def evidence(champion):
    """A batch whose ROC-AUC is a little below the threshold, which may be chance."""
    performance = Performance(Estimate(0.74, 0.70, 0.78), 0.5, 0.8, 0.6, 0.6, 0.6, 0.15, 0.45, 0.4, 600, 150)
    labelled = LabelledEvidence("2026-03-30", DAY, 600, 1.0, performance)
    return Evidence("2026-03-30", DAY, 600, Quality("ok"), (), None, (labelled,), 3000, champion.roc_auc)


@pytest.mark.parametrize(("mode", "action"), [("calibrated", "none"), ("spec", "retrain")])
def test_both_verdicts_are_given_and_the_mode_says_which_acts(evidence, change, mode, action):
    judgement = judging.decide_batch_action(evidence, (), change(monitoring={"mode": mode}))
    assert (judgement.calibrated.action, judgement.spec.action) == ("none", "retrain")
    assert (judgement.mode, judgement.decision.action) == (mode, action)
    assert judgement.spec.reasons == ("ROC-AUC 0.740 < 0.75.",)


def test_the_literal_rules_have_no_tolerance(evidence, change):
    (labelled,) = evidence.labelled
    at = replace(labelled, performance=replace(labelled.performance, roc_auc=Estimate(0.75, 0.71, 0.79)))
    judgement = judging.decide_batch_action(replace(evidence, labelled=(at,)), (), change(monitoring={"mode": "spec"}))
    assert judgement.decision.action == "none"


def test_alerts_and_evidence_are_the_same_in_both_modes(evidence, change):
    one, other = (
        judging.decide_batch_action(evidence, (), change(monitoring={"mode": m})) for m in ("spec", "calibrated")
    )
    assert (one.alerts, one.evidence) == (other.alerts, other.evidence)


def test_a_cooldown_holds_in_both_modes_and_is_said_where_it_delays(evidence, parameters):
    tried = (Attempt("r", date(2026, 3, 28), "retraining", "kept", "2", "2"),)
    judgement = judging.decide_batch_action(evidence, tried, parameters)
    assert judgement.spec.cooldown == judgement.calibrated.cooldown
    assert judgement.spec.cooldown.active
    assert judgement.spec.reasons[-1].startswith(f"Retraining waits until {judgement.spec.cooldown.until}")
    assert judgement.calibrated.reasons == ("Nothing found that asks for action.",)


def test_the_evidence_of_a_batch_is_all_that_was_measured_of_it(batch, rows, champion, parameters, gather, measure):
    _, profile, drift, quality, estimated = measure(rows)
    labelled = maturing.measure_matured_batches(gather({"2026-03-23": {}}), champion, (), parameters)
    evidence = judging.gather_evidence(batch, profile, quality, drift, labelled, estimated, champion)
    assert evidence == Evidence(
        batch_id="2026-03-30",
        as_of=DAY,
        rows=600,
        quality=quality,
        features=drift.features,
        prediction=drift.prediction,
        labelled=labelled.own,
        reference_rows=3000,
        reference_roc_auc=champion.roc_auc,
        estimated=estimated["estimated"],
        earlier=labelled.earlier,
        probe=None,
    )
    assert len(evidence.labelled) == 2
    assert evidence.earlier.batches == ("2026-03-23",)
    assert evidence.estimated.rows == 600


def test_a_quiet_batch_is_judged_none_by_the_nodes(batch, rows, champion, parameters, measure):
    _, profile, drift, quality, estimated = measure(rows)
    evidence = judging.gather_evidence(batch, profile, quality, drift, LabelledBatches(), estimated, champion)
    judgement = judging.decide_batch_action(evidence, (), parameters)
    assert judgement.decision.action == "none"


def test_how_a_batch_came_is_part_of_its_quality_and_a_file_that_came_before_is_broken(
    batch, evidence, champion, change
):
    finding = Finding("same_file", None, "failed", 1.0, 0.0, "the file has the same contents as batch b")
    profile, drift = (
        SimpleNamespace(rows=600, looked_at=None),
        SimpleNamespace(features=(), prediction=None, anchor=None),
    )
    given = (batch, profile, Quality("ok"), drift, LabelledBatches(), {"estimated": None}, champion)
    usual, twin = judging.gather_evidence(*given), judging.gather_evidence(*given, Arrival((finding,)))
    assert usual.quality == Quality("ok")
    assert twin.quality == Quality("failed", (finding,))
    judgement = judging.decide_batch_action(twin, (), change())
    assert judgement.decision.action == "fix_data"
    assert (judgement.alerts[0].key, judgement.alerts[0].severity) == ("data_quality:same_file", "critical")
