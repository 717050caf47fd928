"""What an attempt learns from, when it stops, and how it is judged and written down."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.records import Quality
from churn_monitoring.learning.candidate import ScoredRows
from churn_monitoring.learning.leaks import KnownRows
from churn_monitoring.pipelines import matured
from churn_monitoring.pipelines.retraining import nodes
from churn_monitoring.pipelines.retraining.nodes import Challenger, Stop, WindowCheck
from churn_monitoring.pipelines.retraining.promotion import build_promotion, compare_with_champion
from churn_monitoring.pipelines.retraining.summary import summarize_attempt
from churn_monitoring.profiling import fit_reference_profile

DAY = date(2026, 4, 6)
WEEKS = ("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30")
FOREST = {"estimator": "random_forest", "n_estimators": 20, "min_samples_leaf": 20}
UNUSED = KnownRows().used
GO_ON = WindowCheck(Quality("ok"), Stop())


def test_the_day_of_an_attempt_is_given_or_that_of_the_newest_judgement(judge, deliver):
    ledger = [judge(deliver("2026-03-09")), judge(deliver("2026-03-02"))]
    assert matured.choose_as_of(ledger, "2026-05-01") == date(2026, 5, 1)
    assert matured.choose_as_of(ledger, None) == date(2026, 3, 9)
    assert matured.choose_as_of([], None) >= date(2026, 1, 1)


# --- The window ------------------------------------------------------------------------------------------


@pytest.fixture
def batches(deliver, draw_rows):
    """Five labelled weeks as delivered; from the third on, age means the opposite of what it did."""
    drawn = {day: draw_rows(400, week, slope=0.125 if week < 22 else -0.125) for week, day in enumerate(WEEKS, 20)}
    return {
        day: deliver(day, rows.assign(left=rows["label"].map({1.0: "yes", 0.0: "no"})).drop(columns="label"))
        for day, rows in drawn.items()
    }


@pytest.fixture
def gather(batches, judge, champion, change):
    def call(told=None, *, deliveries=batches, as_of=DAY, champion=champion, window=12, maturity_days=0, most=None):
        ledger = [judge(delivery, **(told or {}).get(day, {})) for day, delivery in batches.items()]
        changed = {"labels": {"window_batches": window, "maturity_days": maturity_days}}
        policy = change(**changed, training={"max_training_rows": most} if most else {})
        found, note = matured.gather_window_batches(ledger, deliveries, {}, champion, as_of, policy)
        assert (note == "") is (most is None)
        return found

    return call


def test_labelled_batches_of_the_champion_are_gathered_oldest_first_with_its_scores(gather, champion):
    gathered = gather()
    assert tuple(gathered) == WEEKS
    first = gathered["2026-03-02"]
    assert list(first) == ["customer", "age", "plan", "label", "score"]
    assert np.array_equal(first["score"], champion.score(first))


def test_beyond_the_cap_the_rows_of_some_customers_are_taken_of_every_batch(gather):
    whole, some = gather(), gather(most=500)
    assert sum(map(len, some.values())) == 500
    assert all(60 < len(rows) < 140 for rows in some.values())
    for name, rows in some.items():
        assert set(rows["customer"]) < set(whole[name]["customer"])


def test_broken_rejected_and_other_champions_batches_are_not_learned_from(gather):
    told = {
        "2026-03-02": {"action": "fix_data"},
        "2026-03-09": {"rejected": True},
        "2026-03-16": {"version": "1"},
    }
    assert tuple(gather(told)) == ("2026-03-23", "2026-03-30")


def test_a_file_that_is_gone_or_unreadable_by_now_is_left_out(gather, batches, deliver):
    there = {**batches, "2026-03-09": deliver("2026-03-09", DataError("cannot be read"))}
    del there["2026-03-16"]
    assert tuple(gather(deliveries=there)) == ("2026-03-02", "2026-03-23", "2026-03-30")


def test_the_window_holds_the_newest_batches_old_enough_on_the_day(gather):
    assert tuple(gather(window=2)) == WEEKS[-2:]
    assert tuple(gather(maturity_days=14)) == WEEKS[:4]
    assert tuple(gather(as_of=date(2026, 3, 10))) == WEEKS[:2]


@pytest.fixture
def find(judge, batches, champion, change):
    def call(gathered, actions=("none",) * 5, champion=champion, used=UNUSED):
        ledger = [judge(delivery, action) for delivery, action in zip(batches.values(), actions, strict=True)]
        return nodes.find_window(gathered, ledger, champion, used, change(seed=1))

    return call


def test_the_window_begins_where_the_concept_changed(find, gather):
    window = find(gather())
    assert window.batches == WEEKS[2:]
    assert len(window.learning) == len(window.comparison) == 600


@pytest.mark.parametrize(
    ("actions", "first"),
    [
        (("alert", "alert", "none", "alert", "retrain"), 3),  # the newest that were judged other than none, in a row
        (("alert", "alert", "alert", "alert", "none"), 0),  # a person asked
        (("none", "none", "none", "none", "none"), 0),
    ],
)
def test_where_the_concept_is_the_same_the_window_begins_with_what_was_judged_changed(
    find, draw_rows, champion, actions, first
):
    same = {day: draw_rows(400, seed) for seed, day in enumerate(WEEKS, 60)}
    scored = {day: rows.assign(score=champion.score(rows)) for day, rows in same.items()}
    assert find(scored, actions).batches == WEEKS[first:]


def test_where_the_concept_changed_what_was_judged_meanwhile_does_not_matter(find, gather):
    assert find(gather(), ("none", "none", "none", "none", "alert")).batches == WEEKS[2:]


def test_customers_the_champion_was_fitted_on_are_not_compared_on(find, gather, champion):
    gathered = gather()
    seen = gathered["2026-03-30"].head(50)
    fitted = replace(champion, training_rows=seen.drop(columns="score"))
    before, after = find(gathered), find(gathered, champion=fitted)
    assert set(seen["customer"]) <= set(before.comparison["customer"])
    assert not set(seen["customer"]) & {*after.comparison["customer"], *after.learning["customer"]}


def test_customers_the_champion_was_calibrated_on_are_learned_from_and_not_compared_on(find, gather, champion):
    gathered = gather()
    rows = gathered["2026-03-30"].head(50)[["customer", "age", "plan"]]
    window = find(gathered, champion=replace(champion, calibration_rows=rows))
    assert set(rows["customer"]) <= set(window.learning["customer"])
    assert window.facts["calibrated"] == 50


def test_of_an_older_package_the_validation_rows_in_its_reference_are_what_it_was_calibrated_on(champion):
    assert champion.tuned_rows.empty
    parts = champion.reference.assign(part=["validation"] * 10 + ["holdout"] * (len(champion.reference) - 10))
    tuned = replace(champion, reference=parts).tuned_rows
    assert tuned["customer"].tolist() == champion.reference["id"].head(10).tolist()
    assert tuned["age"].tolist() == champion.reference_features["age"].head(10).tolist()


def test_a_second_attempt_is_compared_on_rows_the_first_was_not(find, gather):
    first = find(gather())
    second = find(gather(), used=first.compared)
    assert not set(first.comparison["customer"]) & set(second.comparison["customer"])
    assert (second.facts["used"], len(second.comparison), len(second.learning)) == (600, 300, 900)


def test_a_fourth_attempt_has_too_few_fresh_rows_and_says_how_many(find, gather, check):
    used = UNUSED
    for _ in range(4):
        window = find(gather(), used=used)
        used = pd.concat([used, window.compared], ignore_index=True)
    found = check(window)
    assert found.stop.verdict == "insufficient_evidence"
    assert f"{window.facts['fresh_positives']} and " in found.stop.reasons[0]
    assert "1050 rows served earlier attempts" in found.stop.reasons[0]


def test_batches_judged_broken_since_the_window_began_are_named(find, gather, judge, batches):
    window = find(gather())  # from the third on
    days = dict(zip(WEEKS, batches.values(), strict=True))
    told = {"2026-03-09": "fix_data", "2026-03-23": "fix_data", "2026-03-30": "none"}
    ledger = [judge(delivery, told.get(day, "none"), rejected=day == "2026-03-30") for day, delivery in days.items()]
    assert nodes.list_broken_batches(window, ledger, DAY) == ["2026-03-23", "2026-03-30"]
    assert nodes.list_broken_batches(window, ledger, date(2026, 3, 29)) == ["2026-03-23"]


@pytest.fixture
def check(champion, parameters):
    def call(window, champion=champion):
        return nodes.check_window(window, champion, parameters.quality, parameters.retraining)

    return call


def plant(rows, champion, name="planted"):
    """One row the champion was trained on, under another id, as the last of ``rows``."""
    leak = champion.training_rows.iloc[[7]].assign(customer=name, score=0.5)
    return pd.concat([rows, leak[list(rows.columns)]], ignore_index=True)


def test_a_training_row_planted_among_the_rows_compared_on_is_found_and_the_attempt_refused(
    find, gather, check, champion
):
    window = find(gather())
    found = check(replace(window, comparison=plant(window.comparison, champion)))
    assert found.stop.verdict == "refused_data"
    assert "1 of 601 rows" in found.stop.reasons[0]
    assert "planted" in found.stop.reasons[0]
    assert (found.leaks.leaks, found.leaks.examples) == (1, ("planted",))


def test_a_training_row_planted_in_a_batch_is_left_out_beforehand_and_counted(find, gather, check, champion):
    gathered = gather()
    window = find({**gathered, "2026-03-30": plant(gathered["2026-03-30"], champion)})
    assert "planted" not in {*window.learning["customer"], *window.comparison["customer"]}
    assert window.facts["twins"] == 1
    found = check(window)
    assert (found.stop, found.leaks.leaks, found.leaks.distinctive) == (Stop(), 0, True)
    assert found.leaks.against == {"training": 400, "calibration": 0, "learning": 600}


def test_in_a_table_that_repeats_itself_by_nature_equal_features_are_no_leak_and_equal_ids_are(
    find, gather, check, champion
):
    repeating = replace(champion, facts={**champion.facts, "repeated_share": 0.4})
    window = find(gather())
    twin, same = (plant(window.comparison, champion, name) for name in ("planted", champion.training_rows.iloc[7, 0]))
    assert check(replace(window, comparison=twin), repeating).stop == Stop()
    assert check(replace(window, comparison=same), repeating).stop.verdict == "refused_data"


@pytest.mark.parametrize("side", ["calibration", "learning"])
def test_rows_of_calibration_and_of_learning_are_looked_for_too(find, gather, check, champion, side):
    window = find(gather())
    if side == "learning":
        leaky, package = replace(window, learning=pd.concat([window.learning, window.comparison.head(2)])), champion
    else:
        rows = window.comparison.head(2)[["customer", "age", "plan"]]
        leaky, package = window, replace(champion, calibration_rows=rows)
    found = check(leaky, package)
    assert (found.stop.verdict, found.leaks.leaks) == ("refused_data", 2)


def test_without_a_matured_label_there_is_no_evidence(find, check):
    found = check(find({}))
    assert found.stop.verdict == "insufficient_evidence"
    assert "wait for their labels" in found.stop.reasons[0]


def test_broken_rows_are_refused_before_their_number_is_looked_at(find, gather, check):
    gathered = {day: rows.assign(age=np.nan) for day, rows in gather().items()}
    broken, few = check(find(gathered)), check(find({day: rows.head(60) for day, rows in gathered.items()}))
    assert broken.stop.verdict == few.stop.verdict == "refused_data"
    assert broken.quality.status == "failed"
    assert any("age" in reason for reason in broken.stop.reasons)


def test_too_few_churners_to_compare_on_is_no_evidence_and_says_how_many_are_needed(find, gather, check):
    found = check(find({day: rows.head(40) for day, rows in gather().items()}))
    assert found.stop.verdict == "insufficient_evidence"
    assert "50 and 50 are needed" in found.stop.reasons[0]


def test_a_sound_window_goes_on(find, gather, check):
    assert check(find(gather())).stop == Stop()


# --- Challengers and the verdict -------------------------------------------------------------------------


def test_a_stopped_attempt_trains_nothing_and_is_written_down_all_the_same(champion, parameters, judge, deliver):
    stop = WindowCheck(Quality("ok"), Stop("insufficient_evidence", ("wait for labels.",)))
    empty = nodes.split_window({}, champion.schema, KnownRows(), 0.5, 1)
    told = (champion, FOREST, parameters)
    challenger = nodes.fit_challenger(empty, stop, *told)
    assert (challenger.model, challenger.comparison) == (None, None)
    assert nodes.summarize_challenger(challenger, parameters.retraining)["metrics"] == {}
    judgement = compare_with_champion(challenger, challenger, empty, stop, champion, (), parameters)
    assert judgement.verdict == "insufficient_evidence"
    told = (champion, DAY, parameters)
    assert build_promotion(judgement, challenger, challenger, empty, *told) == {"package": None}
    receipt = {"version_before": "2", "version_after": "2"}
    ledger = [judge(deliver("2026-04-06"), "retrain")]
    summaries, facts, outcome = summarize_attempt(judgement, empty, stop, receipt, ledger, [], DAY, "churn")
    ((name, summary),) = summaries.items()
    assert name.startswith("2026-04-06-")
    assert (summary["trigger"], summary["verdict"]) == ("decided on batch 2026-04-06", "insufficient_evidence")
    assert (summary["candidates"], summary["champion"], facts["metrics"]) == ({}, None, {})
    assert list(facts["artifacts"]) == ["summary.json"]  # nothing was compared, so no row is used up
    assert (outcome.promoted, outcome.version_after) == (False, "2")
    assert outcome.report_path.endswith(f"{name}.json")


def test_an_attempt_nobody_decided_was_asked_for_by_a_person(judge, deliver, champion, parameters):
    stop = WindowCheck(Quality("ok"), Stop("insufficient_evidence", ("wait for labels.",)))
    empty = nodes.split_window({}, champion.schema, KnownRows(), 0.5, 1)
    judgement = compare_with_champion(Challenger("a"), Challenger("b"), empty, stop, champion, (), parameters)
    receipt = {"version_before": "2", "version_after": "2"}
    ledger = [judge(deliver("2026-03-30"), "retrain"), judge(deliver("2026-04-06"), "alert")]
    (summary,) = summarize_attempt(judgement, empty, stop, receipt, ledger, [], DAY, "churn")[0].values()
    assert summary["trigger"] == "asked for by a person"


def test_a_challenger_is_scored_out_of_sample_and_leaves_a_past_that_misleads_it(find, gather, champion, parameters):
    window = find(gather())
    before = window.learning.copy()
    challenger = nodes.fit_challenger(window, GO_ON, champion, FOREST, parameters)
    assert not challenger.with_past
    assert len(challenger.learning.scores) == len(window.learning)
    assert challenger.comparison.positions.tolist() == list(range(600, 1200))
    assert challenger.out_of_fold_roc_auc > 0.65
    pd.testing.assert_frame_equal(window.learning, before)
    metrics = nodes.summarize_challenger(challenger, parameters.retraining)["metrics"]
    assert metrics["with_past"] == 0.0
    assert metrics["comparison_roc_auc"] > 0.65


def test_a_past_that_still_holds_is_learned_from(find, gather, champion, parameters, draw_rows):
    small = find({day: rows.head(80) for day, rows in list(gather().items())[:2]})
    past = replace(champion, training_rows=draw_rows(3000, 8))
    coarse = {**FOREST, "min_samples_leaf": 100}  # finds nothing in 80 rows alone
    assert nodes.fit_challenger(small, GO_ON, past, coarse, parameters).with_past


def test_only_a_challenger_that_earned_it_is_promoted_with_a_reference_of_the_new_regime(
    find, gather, champion, parameters
):
    window = find(gather())
    first = nodes.fit_challenger(window, GO_ON, champion, FOREST, parameters)
    scores = first.comparison.scores
    worse = Challenger("xgboost", None, first.learning, ScoredRows(*_parts(first.comparison, 1 - scores)), 0.5)
    judgement = compare_with_champion(first, worse, window, GO_ON, champion, (), parameters)
    assert (judgement.verdict, judgement.chosen) == ("promoted", "random_forest")
    told = (champion, DAY, parameters)
    package = build_promotion(judgement, first, worse, window, *told)["package"]
    assert package.model is first.model
    assert set(package.reference["part"]) == {"comparison", "out_of_fold"}
    assert set(package.reference["id"]) == {*window.learning["customer"], *window.comparison["customer"]}
    assert not set(package.training_rows["customer"]) & set(window.comparison["customer"])
    assert package.facts["window_batches"] == list(WEEKS[2:])
    assert package.facts["as_of"] == "2026-04-06"
    assert package.anchor is champion.profile
    assert (package.facts["anchor_version"], package.facts["anchor_as_of"]) == ("2", "2026-01-01")
    assert set(window.learning["customer"]) <= set(package.training_rows["customer"])  # what calibrated it, too
    assert package.facts["importance"]["age"] > 0.5
    assert package.dependencies is not None
    everyone = pd.concat([window.learning, window.comparison]).set_index("customer")
    assert np.array_equal(package.reference_features["age"], everyone.loc[package.reference["id"], "age"])
    receipt = {"version_before": "2", "version_after": "3"}
    summaries, facts, outcome = summarize_attempt(judgement, window, GO_ON, receipt, [], [], DAY, "churn")
    (summary,) = summaries.values()
    assert set(summary["candidates"]) == {"random_forest", "xgboost"}
    assert facts["artifacts"]["comparison_rows.json"] == {
        "batch": window.compared["batch"].tolist(),
        "id": window.comparison["customer"].tolist(),
    }
    assert facts["metrics"]["gain_low"] > 0
    assert outcome.promoted


def test_the_anchor_is_handed_on_through_a_second_promotion(find, gather, champion, parameters):
    old = fit_reference_profile(champion.reference_features.head(500), champion.schema, 1000)
    told = {**champion.facts, "anchor_version": "1", "anchor_as_of": "2025-01-01"}
    later = replace(champion, anchor=old, facts=told)
    window = find(gather())
    first = nodes.fit_challenger(window, GO_ON, later, FOREST, parameters)
    judgement = compare_with_champion(first, Challenger("xgboost"), window, GO_ON, later, (), parameters)
    package = build_promotion(judgement, first, Challenger("xgboost"), window, later, DAY, parameters)["package"]
    assert package.anchor is old
    assert (package.facts["anchor_version"], package.facts["anchor_as_of"]) == ("1", "2025-01-01")


def test_a_challenger_no_better_than_the_champion_is_not_promoted(find, gather, champion, parameters):
    window = find(gather())
    champions_own = window.comparison["score"].to_numpy(float)
    labels = window.comparison["label"].to_numpy(float)
    equal = Challenger("random_forest", None, None, ScoredRows(np.arange(600), labels, champions_own), 0.7)
    judgement = compare_with_champion(equal, equal, window, GO_ON, champion, (), parameters)
    assert judgement.verdict == "kept"
    told = (champion, DAY, parameters)
    assert build_promotion(judgement, equal, equal, window, *told) == {"package": None}


def _parts(rows, scores):
    return rows.positions, rows.labels, scores
