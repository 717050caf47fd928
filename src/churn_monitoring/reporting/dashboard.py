"""All batches on one HTML page: how the model has done, what was found, what was done about it.

    History ─ lanes on one time axis, newest verdict, tables ─ templates/dashboard.html.j2 ─ HTML

Like the page of a batch it loads nothing and escapes every value; its size is bounded however long it has been running.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from churn_monitoring.reporting.environment import open_templates
from churn_monitoring.reporting.history import History
from churn_monitoring.reporting.lanes import CHANGES, build_lanes
from churn_monitoring.reporting.words import VERDICTS

SHOWN = 1_040
"""Newest batches that are drawn: twenty years of weeks, and about as many as a screen has pixels."""
FEATURES = 12
ROWS = 52
EVENTS = 50


def render_dashboard(
    history: History,
    *,
    model_name: str,
    performance_threshold: float | None = None,
    drift_share_threshold: float | None = None,
    folder: str = "monitoring/",
) -> str:
    """The page of all batches.

    Args:
        history: of all batches; those before the newest ``SHOWN`` are counted and not drawn.
        model_name: name in the registry.
        performance_threshold: drawn across the ROC-AUC where given.
        drift_share_threshold: drawn across the drift share where given.
        folder: where the pages of the batches lie, seen from this page.

    Returns:
        A complete HTML document; the same history gives the same text.
    """
    shown, newest = list(history.batches[-SHOWN:]), history.batches[-1] if history.batches else None
    return (
        open_templates()
        .get_template("dashboard.html.j2")
        .render(
            model_name=model_name,
            newest=newest,
            verdict=VERDICTS[newest["action"]] if newest else "",
            service=_find_service(history),
            realized=next((one for one in reversed(shown) if one["roc_auc"]), None),
            counts=Counter(one["action"] for one in shown[-ROWS:]),
            recent=len(shown[-ROWS:]),
            waiting=sum(one["roc_auc"] is None for one in shown[-ROWS:]),
            batches=shown[-ROWS:],
            older=[one["batch"] for one in reversed(shown[:-ROWS])],
            left=len(history.batches) - len(shown),
            count=len(history.batches),
            lanes=build_lanes(
                shown,
                history.events,
                performance_threshold=performance_threshold,
                drift_share_threshold=drift_share_threshold,
                features=_choose_features(shown),
            ),
            events=[_tell_event(event) for event in reversed(history.events[-EVENTS:])],
            thresholds={"performance": performance_threshold, "drift_share": drift_share_threshold},
            folder=folder,
        )
    )


def _find_service(history: History) -> dict[str, str] | None:
    """Version in service, and since when and by what: the newest change, else the model of the newest batch."""
    changes = [event for event in history.events if event["verdict"] in CHANGES]
    if changes:
        by = CHANGES[changes[-1]["verdict"]]
        return {"version": changes[-1]["version"], "told": f"{by} {changes[-1]['as_of']}"}
    if not history.batches:
        return None
    return {"version": history.batches[-1]["model_version"], "told": "since training"}


def _choose_features(batches: Sequence[Mapping[str, Any]]) -> list[str]:
    """Features that drifted at all, those first whose moves mattered most over all batches."""
    weights: Counter[str] = Counter()
    for one in batches:
        for feature, weight in one["weights"].items():
            weights[feature] += weight
    return sorted(weights, key=lambda feature: (-weights[feature], feature))[:FEATURES]


def _tell_event(event: Mapping[str, Any]) -> dict[str, Any]:
    moved = event["version_before"] != event["version"]
    versions = f"v{event['version_before']} → v{event['version']}" if moved else f"v{event['version_before']} stays"
    return {**event, "told": CHANGES.get(event["verdict"], event["verdict"].replace("_", " ")), "versions": versions}
