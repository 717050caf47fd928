"""What monitoring measures of a batch, of a rejected one, and of earlier batches whose labels have come."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.records import Finding
from churn_monitoring.performance.labels import LabelTable, gather_labels
from churn_monitoring.pipelines.monitoring import nodes
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows, read_batch

DAY = date(2026, 3, 30)
NO_LABELS = gather_labels({}, None, DAY)


@pytest.fixture
def batch(deliver, draw_rows):
    rows = draw_rows(600, 3)
    delivery = deliver("2026-03-30", rows.assign(left=rows["label"].map({1.0: "yes", 0.0: "no"})))
    return Batch("2026-03-30", DAY, DAY, delivery)


@pytest.fixture
def rows(batch, champion):
    return read_batch(batch, champion)


@pytest.fixture
def rejected():
    finding = Finding("empty_batch", None, "failed", 1.0, 0.0, "no rows: deliver it again")
    return BatchRows(pd.DataFrame(), pd.Series(dtype=float), rejection=finding)


def test_every_row_is_scored_and_kept_under_the_id_of_its_batch(batch, rows, champion):
    before = rows.rows.copy()
    scored, kept = nodes.score_batch(batch, rows, champion)
    assert list(kept) == ["2026-03-30"]
    assert kept["2026-03-30"] is scored
    assert scored["id"].tolist() == rows.rows["customer"].tolist()
    assert np.array_equal(scored["predicted"], scored["probability"] >= champion.threshold)
    assert set(scored["model_version"]) == {"2"}
    assert np.array_equal(scored["label"], rows.labels)
    pd.testing.assert_frame_equal(rows.rows, before)


def test_a_rejected_batch_goes_through_every_measurement(batch, rejected, champion, parameters):
    scored, _ = nodes.score_batch(batch, rejected, champion)
    profile = nodes.profile_batch(rejected, scored, champion)
    quality = nodes.measure_batch_quality(rejected, profile, champion, NO_LABELS, parameters.quality)
    drift = nodes.measure_batch_drift(rejected, profile, champion, parameters.drift, 0.05)
    estimated = nodes.estimate_batch_performance(scored, champion, parameters.performance)
    evidence = nodes.gather_evidence(batch, profile, quality, drift, (), estimated, champion)
    assert (profile.rows, evidence.rows) == (0, 0)
    assert (quality.status, quality.findings) == ("failed", (rejected.rejection,))
    assert (drift.features, drift.prediction, estimated["estimated"]) == ((), None, None)


def test_a_label_file_left_out_is_a_warning_about_an_otherwise_good_batch(batch, rows, champion, parameters):
    scored, _ = nodes.score_batch(batch, rows, champion)
    profile = nodes.profile_batch(rows, scored, champion)
    problem = Finding("label_file", None, "warning", 1.0, 0.0, "Labels left out: ...")
    without = nodes.measure_batch_quality(rows, profile, champion, NO_LABELS, parameters.quality)
    labels = LabelTable(NO_LABELS.rows, (problem,))
    assert without.status == "ok"
    quality = nodes.measure_batch_quality(rows, profile, champion, labels, parameters.quality)
    assert (quality.status, quality.findings) == ("warning", (*without.findings, problem))


def test_an_id_and_a_row_delivered_twice_are_counted_apart(batch, rows, champion):
    twice = replace(rows, rows=pd.concat([rows.rows, rows.rows.iloc[:5].assign(age=200.0)], ignore_index=True))
    twice = replace(twice, labels=pd.Series(np.nan, index=twice.rows.index))
    scored, _ = nodes.score_batch(batch, twice, champion)
    repeated = nodes.profile_batch(twice, scored, champion).facts.repeated
    distinct = twice.rows[["age", "plan"]].drop_duplicates()
    assert (repeated.ids, repeated.rows) == (5, len(twice.rows) - len(distinct))
    assert 0 < repeated.rows < 5


# --- Batches whose labels have come ---------------------------------------------------------------------


@pytest.fixture
def keep(champion, draw_rows):
    """Kept predictions of a batch, its labels in it unless told otherwise."""

    def make(seed, *, version="2", labelled=True):
        drawn = draw_rows(400, seed)
        scores = champion.score(drawn)
        told = {"id": drawn["customer"], "score": scores, "probability": scores, "predicted": scores >= 0.4}
        label = drawn["label"] if labelled else np.nan
        return pd.DataFrame({**told, "label": label, "threshold": 0.4, "model_version": version})

    return make


@pytest.fixture
def gather(batch, rows, champion, deliver, judge, keep, parameters):
    """Gather the matured among earlier batches, named with what their ledger entry says."""
    scored, _ = nodes.score_batch(batch, rows, champion)

    def call(entries, *, unlabelled=(), maturity_days=0, window=12, labels=NO_LABELS, absent=()):
        ledger = [judge(deliver(batch_id), **told) for batch_id, told in entries.items()]
        tables = {
            entry.batch_id: keep(number, version=entry.model_version, labelled=entry.batch_id not in unlabelled)
            for number, entry in enumerate(ledger, start=10)
        }
        kept = {batch_id: lambda table=table: table for batch_id, table in tables.items() if batch_id not in absent}
        options = parameters.labels.model_copy(update={"maturity_days": maturity_days, "window_batches": window})
        return nodes.gather_matured_batches(batch, scored, kept, ledger, labels, options)

    return call


def named(matured):
    return [item.batch_id for item in matured]


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


def test_a_batch_without_a_single_label_takes_no_place_in_the_window(gather):
    entries = {"2026-03-09": {}, "2026-03-16": {}, "2026-03-23": {}}
    assert named(gather(entries, unlabelled={"2026-03-23"}, window=2)) == ["2026-03-16", "2026-03-30"]


def test_only_batches_old_enough_are_gathered(gather):
    entries = {"2026-03-02": {}, "2026-03-23": {}}
    assert named(gather(entries, maturity_days=14)) == ["2026-03-02"]
    assert named(gather(entries, maturity_days=7)) == ["2026-03-02", "2026-03-23"]


def test_labels_that_came_late_are_joined_to_an_older_batch(gather, keep):
    ids = keep(10)["id"].iloc[:100]
    table = pd.DataFrame({"id": ids, "label": 1.0, "batch": "2026-03-09"}).astype(object)
    matured = gather({"2026-03-09": {}}, unlabelled={"2026-03-09"}, labels=LabelTable(table))
    assert named(matured) == ["2026-03-09", "2026-03-30"]
    assert matured[0].scored["label"].notna().sum() == 100


def test_a_batch_of_an_earlier_champion_is_measured_and_is_no_evidence_about_this_one(gather, champion, parameters):
    matured = gather({"2026-03-16": {"version": "1"}, "2026-03-23": {}})
    everything, own = nodes.measure_matured_batches(matured, champion, parameters.performance, parameters.concept)
    assert [item.batch_id for item in everything] == ["2026-03-16", "2026-03-23", "2026-03-30"]
    assert [item.batch_id for item in own] == ["2026-03-23", "2026-03-30"]
    earlier = everything[0]
    assert earlier.performance is not None
    assert (earlier.target, earlier.concept, earlier.auc_drop_z) == (None, None, None)
    assert own[0].concept is not None


def test_a_batch_with_too_few_labels_is_no_evidence(batch, rows, champion, parameters, gather, keep):
    table = pd.DataFrame({"id": keep(10)["id"].iloc[:20], "label": 1.0, "batch": None}).astype(object)
    matured = gather({"2026-03-09": {}}, unlabelled={"2026-03-09"}, labels=LabelTable(table))
    _, own = nodes.measure_matured_batches(matured, champion, parameters.performance, parameters.concept)
    scored, _ = nodes.score_batch(batch, rows, champion)
    profile = nodes.profile_batch(rows, scored, champion)
    quality = nodes.measure_batch_quality(rows, profile, champion, NO_LABELS, parameters.quality)
    drift = nodes.measure_batch_drift(rows, profile, champion, parameters.drift, 0.05)
    evidence = nodes.gather_evidence(batch, profile, quality, drift, own, {"estimated": None}, champion)
    assert [item.batch_id for item in own] == ["2026-03-09", "2026-03-30"]
    assert [item.batch_id for item in evidence.labelled] == ["2026-03-30"]
