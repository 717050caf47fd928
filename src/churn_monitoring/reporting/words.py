"""What a decision means in words: one sentence for the verdict, steps a person can take, names of tests and checks.

All are looked up by what the report says, never computed again from its numbers.
"""

from collections.abc import Sequence
from typing import Any

NAMED_COLUMNS = 8  # in a sentence; the tables name more

VERDICTS = {
    "none": "No action needed: the model stays in service.",
    "alert": "Something changed: a person should look.",
    "fix_data": "This batch is broken: repair the data first.",
    "retrain": "The model no longer fits its customers: retrain it.",
}

_ALERT_STEPS = {
    "performance": "Performance is low. Compare it with the drifted features below: if the mix of customers "
    "became harder, retraining will not bring it back.",
    "performance_drop": "Performance fell below what the model showed on its reference. Watch the next.",
    "estimated_performance": "Performance is expected to be low before any label has come. Get labels of this batch "
    "early, if only of a sample: nothing else can confirm it.",
    "concept_drift": "The labels show concept drift, though the rules that act do not ask for retraining: "
    "`kedro run --pipeline retraining` tries it.",
    "probe": "A challenger that learned from the newest labels does better, though the rules that act do not ask for "
    "retraining: `kedro run --pipeline retraining` tries it.",
    "probation": "`kedro cycle` puts the previous model back; by hand it is `kedro rollback`. Then look into the "
    "labels that the promoted one learned from: the summary of its retraining names the batches.",
    "promise_broken": "The new model does worse than its promotion showed, and the one before is no better or cannot "
    "be compared: nothing is put back. Find out what changed since.",
    "label_shift": "The churn rate moved. Ranking is intact, but the scores are no longer calibrated: `kedro cycle` "
    "recalibrates them without retraining (by hand `kedro run --pipeline recalibration`); adjust campaign sizes to the "
    "new rate.",
    "timid_scores": "High scores are more certain, and low ones safer, than they say: recalibrate before "
    "campaign sizes are computed from them. Lists ordered by score are as good as before.",
    "feature_drift": "Ask whether the drifted features have a business cause: a campaign, a price change, a season.",
    "anchor_drift": "Nothing by itself: the model has learned these customers. Ask whether the business still is the "
    "one it was built for.",
    "season": "Nothing about what is usual in the season: the reference covers it.",
    "drift_share": "Many features moved at once. Check the extract for a changed filter first.",
    "prediction_drift": "Scores moved as a whole. Check lists and campaign sizes cut off at a score.",
    "data_quality": "Look at the data-quality findings below; they are not severe enough to stop the batch.",
    "small_reference": "The batch is large for its reference. Train with more rows to judge small changes.",
}

_CHECK_STEPS = {
    "dependency": "Look at the join behind column {columns}: its values are as if from other rows, or renamed.",
    "returning": "Compare column {columns} with the batch before: customers who were in both have other values now.",
}

_CHECK_NAMES = {"dependency": "fit to other columns", "returning": "returning customers"}

CONCEPT_TESTS = {
    "intercept": {"title": "Churn rate", "meaning": "do more or fewer leave than the scores say? (label shift)"},
    "calibration_slope": {"title": "Calibration slope", "meaning": "do high and low scores still differ as they did?"},
    "roc_auc_gap": {"title": "ROC-AUC gap", "meaning": "do the scores rank as well as they promise?"},
    "local": {"title": "Parts of features", "meaning": "do customers of some kind leave as their scores say?"},
}
"""Title and question of each test made of the labels, by its name in the report."""


def name_check(check: str) -> str:
    """A data-quality check as a person would call it.

    >>> name_check("missing_share"), name_check("returning")
    ('missing share', 'returning customers')
    """
    return _CHECK_NAMES.get(check, check.replace("_", " "))


def tell_caution(estimated: dict[str, Any]) -> str:
    """What to bear in mind of an estimated performance: what it cannot see, and how well it foretold before.

    >>> record = {"batches": 5, "mean_absolute_error": 0.0124, "mean_error": 0.004}
    >>> tell_caution({"note": "Estimated.", "track_record": record})
    'Estimated. On 5 earlier batches it was off by 0.012 on average, too high by 0.004 on balance.'
    """
    record = estimated["track_record"]
    if record is None:
        return f"{estimated['note']} No earlier estimate could be compared with labels yet."
    batches = f"{record['batches']} earlier batch{'es' if record['batches'] > 1 else ''}"
    balance = f"too {'high' if record['mean_error'] >= 0 else 'low'} by {abs(record['mean_error']):.3f} on balance"
    return f"{estimated['note']} On {batches} it was off by {record['mean_absolute_error']:.3f} on average, {balance}."


def name_some(names: Sequence[str]) -> str:
    """The first few of many names.

    >>> name_some(["age", "plan"]), name_some([f"c{number}" for number in range(12)])
    ('age, plan', 'c0, c1, c2, c3, c4, c5, c6, c7 and 4 more')
    """
    more = len(names) - NAMED_COLUMNS
    return ", ".join(names[:NAMED_COLUMNS]) + (f" and {more} more" if more > 0 else "")


def describe_next_steps(report: dict[str, Any]) -> list[str]:
    """What to do about the report's decision, most important first; never empty."""
    action, batch = report["decision"]["action"], report["batch"]["id"]
    if action == "fix_data":
        return _repair_steps(report, batch)
    if action == "retrain":
        return _retraining_steps(report)
    if action == "alert":
        return _alert_steps(report)
    if not _has_labels(report):
        return ["Nothing now. Performance will be realized once the labels of this batch have matured."]
    return ["Nothing. The next batch is judged when it arrives."]


def _repair_steps(report: dict[str, Any], batch: str) -> list[str]:
    failed = [finding for finding in report["data_quality"]["findings"] if finding["severity"] == "failed"]
    columns = list(dict.fromkeys(finding["column"] for finding in failed if finding["column"]))
    what = f"column {name_some(columns)}" if columns else "the delivery"
    return [
        f"Have {what} corrected at the source; the findings below say what is wrong.",
        *_look_into(failed),
        f"Deliver batch {batch} again under the same id; `kedro cycle` notices and judges it anew.",
        "Do not act on this batch's scores. Nothing is learned from it, and no retraining will use it.",
    ]


def _look_into(failed: list[dict[str, Any]]) -> list[str]:
    """Where to look first for faults that no single value shows."""
    columns = {check: [one["column"] for one in failed if one["check"] == check] for check in _CHECK_STEPS}
    return [step.format(columns=name_some(columns[check])) for check, step in _CHECK_STEPS.items() if columns[check]]


def _retraining_steps(report: dict[str, Any]) -> list[str]:
    cooldown = report["decision"]["cooldown"]
    if cooldown["active"]:
        return [
            f"Nothing by hand: `kedro cycle` may retrain from {cooldown['until']} on, after the cooldown.",
            "If it cannot wait: `kedro run --pipeline retraining` tries at once, behind the same gates.",
        ]
    return [
        "`kedro cycle` retrains on its own; by hand it is `kedro run --pipeline retraining`.",
        "The challenger goes into service only if it beats this model on labelled rows neither has seen.",
    ]


def _alert_steps(report: dict[str, Any]) -> list[str]:
    raised = [alert["key"].partition(":")[0] for alert in report["alerts"]]
    steps = [_ALERT_STEPS[key] for key in dict.fromkeys(raised) if key in _ALERT_STEPS]
    return steps or ["Read the alerts below and decide whether their cause is known."]


def _has_labels(report: dict[str, Any]) -> bool:
    return report["performance"]["realized"] is not None
