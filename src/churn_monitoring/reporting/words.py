"""What a decision means in words: one sentence for the verdict, and steps a person can take.

Both are looked up by what the report says, never computed again from its numbers.
"""

from typing import Any

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
    "label_shift": "The churn rate moved. Ranking is intact, but the scores are no longer calibrated: adjust "
    "campaign sizes to the new rate.",
    "feature_drift": "Ask whether the drifted features have a business cause: a campaign, a price change, a season.",
    "drift_share": "Many features moved at once. Check the extract for a changed filter first.",
    "prediction_drift": "Scores moved as a whole. Check lists and campaign sizes cut off at a score.",
    "data_quality": "Look at the data-quality findings below; they are not severe enough to stop the batch.",
    "small_reference": "The batch is large for its reference. Train with more rows to judge small changes.",
}


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
    what = f"column {', '.join(columns)}" if columns else "the delivery"
    return [
        f"Have {what} corrected at the source; the findings below say what is wrong.",
        f"Deliver batch {batch} again under the same id; `kedro cycle` notices and judges it anew.",
        "Do not act on this batch's scores. Nothing is learned from it, and no retraining will use it.",
    ]


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
