"""Which rows a recalibration is made of, when it stops, what the new version holds, and what is written down."""

import json
from dataclasses import replace
from datetime import date

import jsonschema
import numpy as np
import pandas as pd
import pytest

from churn_monitoring.learning.recalibrated import redraw_by_label
from churn_monitoring.performance.calibration import fit_platt
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.pipelines.recalibration import nodes

from ..conftest import ROOT

DAY = date(2026, 4, 6)
WEEKS = ("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30")
SCHEMA = json.loads((ROOT / "src/churn_monitoring/reporting/recalibration_summary.schema.json").read_text())
RECEIPT = {"version_before": "2", "version_after": "3", "refused": ""}


@pytest.fixture
def champion(champion):
    """Calibrated on its reference, as every champion is; half of the reference's customers are of its training."""
    scores = champion.reference_scores
    calibration = fit_platt(scores.labels, scores.scores)
    parts = np.where(np.arange(len(champion.reference)) < 1000, "validation", "holdout")
    reference = champion.reference.assign(probability=calibration.apply(scores.scores), part=parts)
    return replace(champion, calibration=calibration, reference=reference)


@pytest.fixture
def draw_shifted(draw_rows):
    """Rows whose customers were drawn by their outcome: ``kept`` is the share of those who stayed that came along."""

    def draw(count: int, seed: int, kept: float) -> pd.DataFrame:
        rows = draw_rows(round(count / kept) + count, seed)
        chosen = (rows["label"] == 1) | (np.random.default_rng(seed).random(len(rows)) < kept)
        return rows[chosen].head(count).reset_index(drop=True)

    return draw


@pytest.fixture
def batches(draw_rows, draw_shifted, champion):
    """Five weeks; from the third on 2 of 5 of those who stay are delivered, and the odds of leaving are 2.5 times."""
    drawn = [draw_rows(500, 20), draw_rows(500, 21), *(draw_shifted(500, 22 + week, 0.4) for week in range(3))]
    return {day: rows.assign(score=champion.score(rows)) for day, rows in zip(WEEKS, drawn, strict=True)}


@pytest.fixture
def ledger(judge, deliver, batches):
    return [replace(judge(deliver(day), roc_auc=0.8), as_of=DAY) for day in batches]


@pytest.fixture
def chosen(batches, ledger, champion):
    return nodes.choose_rate_rows(batches, ledger, champion)


@pytest.fixture
def attempt(chosen, champion, parameters):
    return nodes.attempt_recalibration(chosen, champion, parameters)


# --- The rows ------------------------------------------------------------------------------------------------


def test_the_rows_are_those_since_the_churn_rate_moved(chosen):
    assert chosen.batches == WEEKS[2:]
    assert len(chosen.rows) == 1500
    assert chosen.facts == {"rows": 1500, "returning": 0, "seen": 0}


def test_a_customer_counts_once_with_the_newest_row(batches, ledger, champion):
    again = {**batches, WEEKS[4]: batches[WEEKS[4]].assign(customer=batches[WEEKS[3]]["customer"])}
    chosen = nodes.choose_rate_rows(again, ledger, champion)
    assert chosen.facts["returning"] == 500
    assert chosen.rows["customer"].is_unique
    assert set(again[WEEKS[4]]["age"]) <= set(chosen.rows["age"])


def test_customers_the_model_was_fitted_on_are_left_out(batches, ledger, champion):
    fitted = replace(champion, training_rows=batches[WEEKS[2]].head(100))
    chosen = nodes.choose_rate_rows(batches, ledger, fitted)
    assert chosen.facts == {"rows": 1500, "returning": 0, "seen": 100}
    assert not set(chosen.rows["customer"]) & set(fitted.training_rows["customer"])


def test_labels_that_monitoring_could_not_judge_make_no_churn_rate(batches, ledger, champion):
    """Of the newest batch only the churners are known yet, which looks like a rate of 1."""
    newest = batches[WEEKS[4]]
    early = {**batches, WEEKS[4]: newest[newest["label"] == 1]}
    unjudged = [*ledger[:4], replace(ledger[4], metrics={"rows": 500.0})]
    assert nodes.choose_rate_rows(early, unjudged, champion).batches == WEEKS[2:4]
    assert WEEKS[4] in nodes.choose_rate_rows(early, ledger, champion).batches


# --- The verdict ---------------------------------------------------------------------------------------------


def test_a_moved_churn_rate_is_recalibrated_for(attempt, champion):
    assert attempt.verdict == "recalibrated"
    assert attempt.recalibration.shift == pytest.approx(np.log(2.5), abs=0.25)
    assert attempt.recalibration.brier_after < attempt.recalibration.brier_before
    assert "Brier score from 0." in attempt.reasons[0]


def test_where_the_rate_did_not_move_the_calibration_is_kept(draw_rows, champion, parameters):
    rows = draw_rows(1000, 40)
    same = nodes.RateRows(("2026-03-30",), rows.assign(score=champion.score(rows)))
    kept = nodes.attempt_recalibration(same, champion, parameters)
    assert kept.verdict == "kept"
    assert "not surely better at 0.05" in kept.reasons[0]
    assert nodes.build_recalibrated(kept, same, champion, DAY, parameters) == {"package": None}


@pytest.mark.parametrize("changed", [{"min_positives": 2000}, {"min_negatives": 2000}])
def test_too_few_labels_of_one_class_are_waited_for(chosen, champion, change, changed):
    waiting = nodes.attempt_recalibration(chosen, champion, change(recalibration=changed))
    assert waiting.verdict == "insufficient_evidence"
    assert "2000" in waiting.reasons[0]
    assert waiting.recalibration is None


def test_without_a_judged_batch_labels_are_waited_for(champion, parameters):
    nothing = nodes.choose_rate_rows({}, [], champion)
    waiting = nodes.attempt_recalibration(nothing, champion, parameters)
    assert waiting.verdict == "insufficient_evidence"
    assert "wait for their labels" in waiting.reasons[0]


def test_broken_rows_are_refused_before_anything_is_fitted(chosen, champion, parameters):
    broken = replace(chosen, rows=chosen.rows.assign(age=chosen.rows["age"] * 100))
    refused = nodes.attempt_recalibration(broken, champion, parameters)
    assert refused.verdict == "refused_data"
    assert "age" in refused.reasons[0]
    assert refused.recalibration is None


def test_how_surely_better_it_must_be_is_a_parameter(chosen, champion, change):
    assert nodes.attempt_recalibration(chosen, champion, change(recalibration={"p_value": 1e-60})).verdict == "kept"


# --- The new version -----------------------------------------------------------------------------------------


@pytest.fixture
def package(attempt, chosen, champion, parameters):
    return nodes.build_recalibrated(attempt, chosen, champion, DAY, parameters)["package"]


def test_the_model_is_the_same_and_every_score_with_it(package, champion, draw_rows):
    rows = draw_rows(300, 50)
    assert np.abs(package.score(rows) - champion.score(rows)).max() <= 1e-12
    assert package.model is champion.model
    assert package.training_rows.equals(champion.training_rows)
    assert package.calibration.slope == champion.calibration.slope


def test_the_brier_score_of_new_customers_is_repaired(package, champion, draw_shifted, parameters):
    rows = draw_shifted(4000, 51, 0.4)
    labels, scores = rows["label"].to_numpy(float), champion.score(rows)

    def measure(version):
        probabilities = version.calibration.apply(scores)
        return measure_performance(labels, scores, probabilities, version.threshold, parameters.performance)

    best = fit_platt(labels, scores).apply(scores)
    before, after = measure(champion), measure(package)
    assert after.roc_auc == before.roc_auc
    assert after.brier < before.brier - 0.01
    assert after.brier == pytest.approx(np.mean((best - labels) ** 2), abs=0.002)
    assert package.calibration.apply(scores).mean() == pytest.approx(labels.mean(), abs=0.02)


def test_the_reference_is_true_at_the_new_rate(package, champion, chosen):
    reference = package.reference
    past = reference[reference["part"] != "recalibration"]
    odds = [rate / (1 - rate) for rate in (past["label"].mean(), champion.reference["label"].mean())]
    assert odds[0] / odds[1] == pytest.approx(2.5, rel=0.25)
    assert reference["label"].mean() == pytest.approx(chosen.rows["label"].mean(), abs=0.02)
    assert set(past["id"]) <= set(champion.reference["id"])
    assert set(reference["id"]) - set(past["id"]) == set(chosen.rows["customer"])
    assert np.array_equal(package.score(package.reference_features), reference["score"])
    assert np.array_equal(package.calibration.apply(reference["score"].to_numpy()), reference["probability"])
    assert package.profile.rows == len(reference) == len(package.reference_features)
    assert reference["probability"].mean() == pytest.approx(reference["label"].mean(), abs=0.02)


def test_the_new_version_says_where_it_comes_from(package, champion, parameters):
    assert package.version == ""
    assert package.facts["recalibrated_from"] == "2"
    assert package.facts["as_of"] == "2026-04-06"
    assert package.facts["operating_point"] == {"rule": "f1"}
    assert package.facts["reference_rows"] == len(package.reference)
    assert package.facts["window_batches"] == list(WEEKS[2:])
    assert package.facts["importance"] == champion.facts["importance"]
    assert package.metrics["holdout"]["rows"] == 1500
    assert package.metrics["reference"]["threshold"] == package.threshold != champion.threshold
    assert package.anchor is champion.profile
    assert set(package.calibration_rows["customer"]) >= set(package.reference["id"].tail(10))


def test_the_threshold_follows_the_rule_in_the_parameters(attempt, chosen, champion, change):
    policy = change(operating_point={"rule": "capacity", "capacity": 0.2})
    package = nodes.build_recalibrated(attempt, chosen, champion, DAY, policy)["package"]
    contacted = package.calibration.apply(chosen.rows["score"].to_numpy()) >= package.threshold
    assert contacted.mean() == pytest.approx(0.2, abs=0.001)
    assert package.facts["operating_point"] == {"rule": "capacity", "capacity": 0.2}


def test_a_second_recalibration_starts_from_the_first(package, draw_rows, ledger, parameters):
    """The rate goes back to what it was; what the first had joined to the reference is redrawn with the rest."""
    served = replace(package, version="3")
    back = {WEEKS[4]: draw_rows(1200, 60).pipe(lambda rows: rows.assign(score=served.score(rows)))}
    chosen = nodes.choose_rate_rows(back, ledger, served)
    attempt = nodes.attempt_recalibration(chosen, served, parameters)
    again = nodes.build_recalibrated(attempt, chosen, served, DAY, parameters)["package"]
    assert attempt.recalibration.shift == pytest.approx(-np.log(2.5), abs=0.3)
    assert again.reference["label"].mean() == pytest.approx(chosen.rows["label"].mean(), abs=0.03)
    assert again.facts["recalibrated_from"] == "3"
    assert again.anchor is package.anchor


def test_the_champion_is_left_as_it_was(attempt, chosen, champion, parameters):
    before = champion.reference.copy(), champion.reference_features.copy(), dict(champion.facts)
    nodes.build_recalibrated(attempt, chosen, champion, DAY, parameters)
    assert champion.reference.equals(before[0])
    assert champion.reference_features.equals(before[1])
    assert champion.facts == before[2]


@pytest.mark.parametrize(("ratio", "kept"), [(2.0, (100, 200)), (0.5, (50, 400)), (1.0, (100, 400)), (1e6, (100, 1))])
def test_rows_are_redrawn_to_the_odds_asked_for(ratio, kept):
    labels = np.repeat([1.0, 0.0], [100, 400])
    drawn = redraw_by_label(labels, ratio, seed=3)
    assert (int(labels[drawn].sum()), int((1 - labels[drawn]).sum())) == kept
    assert np.array_equal(drawn, np.unique(drawn))
    assert np.array_equal(drawn, redraw_by_label(labels, ratio, seed=3))


# --- What is written down ------------------------------------------------------------------------------------


@pytest.fixture
def summarize(chosen, champion, ledger):
    def call(attempt, receipt=RECEIPT, *, chosen=chosen, remedy="recalibrate"):
        decided = [*ledger[:4], replace(ledger[4], remedy=remedy)]
        return nodes.summarize_recalibration(attempt, chosen, champion, receipt, decided, [], DAY, "churn")

    return call


def test_an_attempt_is_written_down_with_every_number_behind_it(summarize, attempt, champion, chosen):
    summaries, facts, outcome = summarize(attempt)
    summary = summaries["2026-04-06-1"]
    jsonschema.validate(json.loads(json.dumps(summary, allow_nan=False)), SCHEMA)
    assert summary["trigger"] == f"decided on batch {WEEKS[4]}"
    assert summary["calibration"] == facts["metrics"]
    assert facts["metrics"]["churn_rate_before"] == champion.reference["label"].mean()
    assert facts["metrics"]["churn_rate_after"] == chosen.rows["label"].mean()
    assert facts["metrics"]["shift"] == attempt.recalibration.shift
    assert {name: facts["tags"][name] for name in ("kind", "verdict", "version_after", "as_of", "model_name")} == {
        "kind": "recalibration", "verdict": "recalibrated", "version_after": "3", "as_of": "2026-04-06",
        "model_name": "churn",
    }  # fmt: skip
    assert (outcome.verdict, outcome.version_before, outcome.version_after) == ("recalibrated", "2", "3")
    assert outcome.report_path.endswith("2026-04-06-1.json")


def test_a_version_that_was_not_put_in_service_is_no_recalibration(summarize, attempt):
    refused = {"version_before": "2", "version_after": "2", "refused": "another version came into service meanwhile"}
    summaries, facts, outcome = summarize(attempt, refused)
    jsonschema.validate(summaries["2026-04-06-1"], SCHEMA)
    assert facts["tags"]["verdict"] == outcome.verdict == "kept"
    assert "another version came into service meanwhile" in outcome.reasons[0]


def test_a_stopped_attempt_is_written_down_too(summarize, champion, parameters):
    nothing = nodes.choose_rate_rows({}, [], champion)
    stopped = nodes.attempt_recalibration(nothing, champion, parameters)
    kept = {"version_before": "2", "version_after": "2", "refused": ""}
    summaries, facts, _ = summarize(stopped, kept, chosen=nothing, remedy=None)
    summary = summaries["2026-04-06-1"]
    jsonschema.validate(summary, SCHEMA)
    assert summary["trigger"] == "asked for by a person"
    assert summary["calibration"] is None
    assert facts["metrics"] == {}
