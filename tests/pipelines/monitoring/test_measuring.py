"""What monitoring measures of a batch itself, of one that could not be read, and of customers it met before."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.records import Finding
from churn_monitoring.performance.labels import LabelTable
from churn_monitoring.pipelines.monitoring import judging, measuring
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.maturing import LabelledBatches
from churn_monitoring.profiling import fit_reference_profile


def shuffle(rows: BatchRows, order: np.ndarray) -> BatchRows:
    labels = rows.labels.iloc[order].reset_index(drop=True)
    return replace(rows, rows=rows.rows.iloc[order].reset_index(drop=True), labels=labels)


# --- Scores, and what is kept ----------------------------------------------------------------------------


def test_every_row_is_scored_and_its_features_kept_under_the_id_of_its_batch(batch, rows, champion):
    before = rows.rows.copy()
    scored, samples, features = measuring.score_batch(batch, rows, champion)
    assert list(samples) == list(features) == ["2026-03-30"]
    assert samples["2026-03-30"] is None  # what is looked at as a whole is kept once, as predictions
    assert scored["id"].tolist() == rows.rows["customer"].tolist()
    assert np.array_equal(scored["predicted"], scored["probability"] >= champion.threshold)
    assert (set(scored["model_version"]), set(scored["threshold"])) == ({"2"}, {0.4})
    assert np.array_equal(scored["label"], rows.labels)
    assert not scored["seen"].any()
    pd.testing.assert_frame_equal(rows.rows, before)


def test_kept_features_and_predictions_have_the_same_order_whatever_that_of_the_delivery(batch, rows, champion):
    mixed = shuffle(rows, np.random.default_rng(4).permutation(600))
    told, _, features = measuring.score_batch(batch, mixed, champion)
    kept = features["2026-03-30"]
    assert list(kept) == ["customer", "age", "plan"]
    assert kept["customer"].tolist() == told["id"].tolist() == mixed.rows["customer"].tolist()
    assert np.array_equal(champion.score(kept), told["score"])


def test_customers_the_champion_was_fitted_on_are_marked(batch, rows, champion):
    known = champion.training_rows["customer"].iloc[:50].to_numpy()
    ids = rows.rows["customer"].to_numpy().copy()
    ids[:50] = known
    again = replace(rows, rows=rows.rows.assign(customer=pd.Series(ids, dtype="str")))
    scored, _, _ = measuring.score_batch(batch, again, champion)
    assert scored["seen"].tolist() == [True] * 50 + [False] * 550


@pytest.mark.parametrize(("fitted_on", "left"), [(300, 300), (301, 600)])
def test_seen_customers_are_no_forecasts_where_at_least_half_are_others(fitted_on, left):
    scored = pd.DataFrame({"seen": np.arange(600) < fitted_on, "score": 0.5})
    assert len(measuring.choose_forecasts(scored)) == left


def test_seen_customers_are_left_out_of_prediction_drift(rows, champion, measure):
    """Two fifths of the batch are old customers with high scores: drift, unless the model was fitted on them."""
    mixed = replace(rows, rows=rows.rows.assign(age=rows.rows["age"].where(rows.rows.index >= 240, 75.0)))
    fitted_on_them = replace(champion, training_rows=mixed.rows.iloc[:240].assign(label=1.0))
    _, profile, drift, _, _ = measure(mixed)
    _, unseen, without, _, _ = measure(mixed, fitted_on_them)
    assert (profile.scores.count, unseen.scores.count) == (600, 360)
    assert drift.prediction.drifted
    assert not without.prediction.drifted
    assert without.features == drift.features


# --- A batch that could not be read ----------------------------------------------------------------------


def test_a_rejected_batch_goes_through_every_measurement(batch, rejected, champion, measure):
    _, profile, drift, quality, estimated = measure(rejected)
    evidence = judging.gather_evidence(batch, profile, quality, drift, LabelledBatches(), estimated, champion)
    assert (profile.rows, evidence.rows) == (0, 0)
    assert (quality.status, quality.findings) == ("failed", (rejected.rejection,))
    assert (drift.features, drift.prediction, drift.domain) == ((), None, None)
    assert estimated["estimated"] is None


# --- Quality ---------------------------------------------------------------------------------------------


def test_a_label_file_left_out_is_a_warning_about_an_otherwise_good_batch(rows, measure, no_labels):
    problem = Finding("label_file", None, "warning", 1.0, 0.0, "Labels left out: ...")
    *_, without, _ = measure(rows)
    *_, quality, _ = measure(rows, labels=LabelTable(no_labels.rows, (problem,)))
    assert without.status == "ok"
    assert (quality.status, quality.findings) == ("warning", (*without.findings, problem))


def test_a_label_file_left_out_does_not_make_a_broken_batch_better(rows, measure, no_labels):
    problem = Finding("label_file", None, "warning", 1.0, 0.0, "Labels left out: ...")
    broken = replace(rows, rows=rows.rows.assign(age=100.0 * rows.rows["age"]))
    *_, quality, _ = measure(broken, labels=LabelTable(no_labels.rows, (problem,)))
    assert quality.status == "failed"
    assert quality.findings[-1] == problem


def test_a_finding_names_rows_that_show_it(rows, measure):
    ages = rows.rows["age"].copy()
    ages.iloc[:60] = np.nan
    *_, quality, _ = measure(replace(rows, rows=rows.rows.assign(age=ages)))
    (finding,) = (one for one in quality.findings if one.check == "missing_share")
    assert finding.severity == "failed"
    assert finding.examples == tuple(rows.rows["customer"].iloc[:3])


def test_an_id_and_a_row_delivered_twice_are_counted_apart(rows, measure):
    twice = replace(rows, rows=pd.concat([rows.rows, rows.rows.iloc[:5].assign(age=200.0)], ignore_index=True))
    twice = replace(twice, labels=pd.Series(np.nan, index=twice.rows.index))
    repeated = measure(twice)[1].facts.repeated
    distinct = twice.rows[["age", "plan"]].drop_duplicates()
    assert (repeated.ids, repeated.rows) == (5, len(twice.rows) - len(distinct))
    assert 0 < repeated.rows < 5


# --- Drift -----------------------------------------------------------------------------------------------


def test_each_feature_bears_its_importance_for_the_champion(rows, champion, measure):
    told = measure(rows)[2].features
    assert {one.feature: one.importance for one in told} == {"age": 0.9, "plan": 0.1}
    nothing = replace(champion, facts={**champion.facts, "importance": {}})
    assert {one.importance for one in measure(rows, nothing)[2].features} == {None}


def dated(champion, *, seasonal: bool):
    """The champion with dates: of its reference's 13 periods the sixth was of younger customers, or all are alike."""
    months = np.arange(3000) % 13
    ages = champion.reference_features["age"].where(months != 6, 30.0 + np.arange(3000) % 7)
    features = champion.reference_features.assign(
        age=ages if seasonal else champion.reference_features["age"],
        day=pd.Timestamp("2025-03-29") + pd.to_timedelta(28 * months, unit="D"),
    )
    schema = champion.schema.model_copy(update={"date": "day"})
    return replace(champion, reference_features=features, schema=schema)


@pytest.mark.parametrize("seasonal", [True, False])
def test_a_season_that_the_reference_covers_is_no_drift(rows, champion, measure, seasonal):
    young = replace(rows, rows=rows.rows.assign(age=30.0 + np.arange(600) % 7, day=pd.Timestamp("2026-03-30")))
    age = next(one for one in measure(young, dated(champion, seasonal=seasonal))[2].features if one.feature == "age")
    assert age.drifted is not seasonal
    assert (age.usual_in is not None) is seasonal


# --- Returning customers ---------------------------------------------------------------------------------


@pytest.fixture
def compare(batch, rows, champion, judge, deliver, parameters, no_labels):
    """Profile the batch with its customers in the two weeks before; ``spoil`` changes what is delivered now."""

    def call(entries=("2026-03-16", "2026-03-23"), *, spoil=lambda table: table, **told):
        kept = rows.rows[["customer", "age", "plan"]]
        ledger = [judge(deliver(name), **told.get(name.replace("-", "_"), {})) for name in entries]
        delivered = replace(rows, rows=spoil(rows.rows.copy()))
        scored, _, _ = measuring.score_batch(batch, delivered, champion)
        logs = {name: lambda: kept for name in entries}
        profile = measuring.profile_batch(batch, delivered, scored, champion, ledger, logs)
        drift = measuring.measure_batch_drift(delivered, profile, champion, parameters)
        return profile.facts, measuring.measure_batch_quality(
            delivered, profile, drift, champion, no_labels, parameters
        )

    return call


def test_values_of_other_customers_break_the_batch_and_those_of_the_same_do_not(compare):
    facts, sound = compare()
    _, broken = compare(spoil=lambda table: table.assign(age=np.roll(table["age"].to_numpy(), 100)))
    assert facts.agreement["age"].value == facts.usual_agreement["age"].value == pytest.approx(1.0)
    assert sound.status == "ok"
    assert [(one.check, one.column) for one in broken.findings] == [("returning", "age")]


def test_what_is_usual_is_not_known_from_one_batch_before(compare):
    facts, quality = compare(["2026-03-23"], spoil=lambda table: table.assign(age=table["age"].to_numpy()[::-1]))
    assert (set(facts.agreement), facts.usual_agreement) == ({"age", "plan"}, {})
    assert quality.status == "ok"


def test_a_broken_or_rejected_batch_is_not_what_customers_are_compared_with(compare, judge, deliver, batch):
    facts, _ = compare(**{"2026_03_23": {"action": "fix_data"}})
    assert (set(facts.agreement), facts.usual_agreement) == ({"age", "plan"}, {})
    ledger = [
        judge(deliver("2026-03-02")),
        judge(deliver("2026-03-09"), "alert", rejected=True),
        judge(deliver("2026-03-16"), "fix_data"),
        judge(deliver("2026-03-23"), "retrain"),
        judge(deliver("2026-03-30")),
        judge(deliver("2026-04-06")),
    ]
    assert measuring.find_accepted(ledger, batch) == ["2026-03-02", "2026-03-23"]
    later = Batch("2026-04-13", date(2026, 4, 13), date(2026, 4, 13), batch.delivery)
    assert measuring.find_accepted(ledger, later)[-2:] == ["2026-03-30", "2026-04-06"]


# --- The anchor ------------------------------------------------------------------------------------------


def promote(champion, rows, version):
    """What a promotion makes of the reference, the anchor and the facts about it."""
    return replace(
        champion,
        profile=fit_reference_profile(rows, champion.schema, 1000),
        reference_features=rows[list(champion.schema.features)],
        anchor=champion.anchor or champion.profile,
        facts={**champion.facts, **champion.anchor_facts, "as_of": "2026-03-01"},
        version=version,
    )


def test_a_champion_from_training_has_no_anchor_beside_its_reference(rows, measure):
    _, profile, drift, _, _ = measure(rows)
    assert (profile.on_anchor, drift.anchor) == (None, None)


def test_slow_drift_that_each_promotion_learns_is_small_against_the_reference_and_plain_against_the_anchor(
    rows, champion, draw_rows, measure, parameters
):
    """Customers grow older by a fifth of a standard deviation before each of two promotions, and once more."""
    step = 1.8
    first, second = (draw_rows(3000, seed) for seed in (51, 52))
    third = promote(champion, first.assign(age=first["age"] + step), "3")
    third = promote(third, second.assign(age=second["age"] + 2 * step), "4")
    now = replace(rows, rows=rows.rows.assign(age=rows.rows["age"] + 2.5 * step))
    _, _, drift, _, _ = measure(now, third)
    assert not any(feature.drifted for feature in drift.features)
    assert (drift.anchor.version, drift.anchor.as_of) == ("2", "2026-01-01")
    (age,) = (feature for feature in drift.anchor.features if feature.feature == "age")
    assert age.drifted
    assert age.effect_size > parameters.drift.wasserstein_floor
    assert not any(feature.drifted for feature in drift.anchor.features if feature.feature == "plan")


def test_a_rejected_batch_is_not_measured_against_the_anchor(rejected, champion, measure):
    _, _, drift, _, _ = measure(rejected, replace(champion, anchor=champion.profile))
    assert drift.anchor is None


def test_what_was_found_against_the_anchor_is_evidence(batch, rows, champion, measure):
    _, profile, drift, quality, estimated = measure(rows, replace(champion, anchor=champion.profile))
    evidence = judging.gather_evidence(batch, profile, quality, drift, LabelledBatches(), estimated, champion)
    assert evidence.anchor is drift.anchor
    assert [one.feature for one in evidence.anchor.features] == ["age", "plan"]
