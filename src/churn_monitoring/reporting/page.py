"""One batch's report as one HTML page that needs nothing but a browser.

    report, picture, history ─ view (ranked, formatted, coordinates) ─ templates/page.html.j2 ─ HTML

The page loads nothing: styles are inline, charts are SVG, fonts are the reader's own, and a content security
policy says so to the browser. Every value of the report is escaped, for a column can have any name.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from churn_monitoring.core.options import ReportingOptions
from churn_monitoring.reporting.charts import build_interval_chart
from churn_monitoring.reporting.environment import open_templates
from churn_monitoring.reporting.features import view_features
from churn_monitoring.reporting.formats import format_interval, format_share
from churn_monitoring.reporting.lanes import build_lanes
from churn_monitoring.reporting.words import CONCEPT_TESTS, VERDICTS, describe_next_steps, tell_caution

HISTORY_SHOWN = 26
REASONS_SHOWN = 12  # of a verdict; a broken delivery of a wide table has one per column
_METRICS = (
    ("roc_auc", "ROC-AUC"),
    ("average_precision", "Average precision"),
    ("accuracy", "Accuracy"),
    ("precision", "Precision"),
    ("recall", "Recall"),
    ("f1", "F1"),
    ("brier", "Brier score"),
    ("log_loss", "Log loss"),
)
_SEVERITY = {"failed": 0, "critical": 0, "warning": 1, "info": 2}


def render_page(
    report: dict[str, Any],
    *,
    history: Sequence[dict[str, Any]],
    limits: ReportingOptions,
    events: Sequence[dict[str, Any]] = (),
    picture: Mapping[str, Any] | None = None,
    performance_threshold: float | None = None,
    drift_share_threshold: float | None = None,
) -> str:
    """The page of one batch.

    Args:
        report: the monitoring report as written to JSON; any of realized and estimated performance,
            prediction, target and concept drift, probe and domain classifier may be ``None``.
        history: records as :func:`~churn_monitoring.reporting.lanes.build_lanes` takes them, oldest first; the newest
            ``HISTORY_SHOWN`` are shown.
        limits: how many features and findings the page has; the JSON report, to which it links, has all.
        events: attempts, as the same function takes them.
        picture: what was kept of the batch to draw it by; a batch judged by an earlier version has none.
        performance_threshold: drawn across the performance charts where given.
        drift_share_threshold: drawn across the drift chart where given.

    Returns:
        A complete HTML document; the same arguments give the same text.
    """
    shown = list(history)[-HISTORY_SHOWN:]
    realized = report["performance"]["realized"] is not None
    thresholds = {"performance": performance_threshold, "drift_share": drift_share_threshold}
    return (
        open_templates()
        .get_template("page.html.j2")
        .render(
            report=report,
            picture=picture,
            verdict=VERDICTS[report["decision"]["action"]],
            afterword=_tell_afterword(report, performance_threshold),
            tiles=list(_view_tiles(report)),
            steps=describe_next_steps(report),
            verdicts=_view_verdicts(report["verdicts"]),
            performance=_view_performance(report["performance"], performance_threshold),
            features=view_features(
                report["drift"], picture["features"] if picture else {}, limits.top_features, limits.listed_features
            ),
            overall=_view_overall(
                report["drift"], "not measured on its labels" if realized else "needs matured labels"
            ),
            concept_tests=[test | CONCEPT_TESTS[test["test"]] for test in report["drift"]["concept_tests"]],
            anchor=_view_anchor(report["drift"].get("anchor"), limits.top_features),
            findings=_rank_by_severity(report["data_quality"]["findings"]),
            alerts=_rank_by_severity(report["alerts"]),
            history=shown,
            lanes=build_lanes(
                shown,
                events,
                performance_threshold=performance_threshold,
                drift_share_threshold=drift_share_threshold,
                current=report["batch"]["id"],
            ),
            thresholds=thresholds,
            limits=limits,
            reasons_shown=REASONS_SHOWN,
            parameters=list(_flatten(picture["parameters"])) if picture else [],
            command=_tell_command(report["batch"]),
        )
    )


def _tell_afterword(report: dict[str, Any], threshold: float | None) -> str:
    """What labels say that a calm verdict, which may have been taken before they came, does not; else nothing."""
    realized = report["performance"]["realized"]
    if realized is None or threshold is None or report["decision"]["action"] != "none":
        return ""
    value = realized["roc_auc"]["value"]
    if value >= threshold:
        return ""
    return (
        f"Its labels put the ROC-AUC at {value:.3f}, below the threshold of {threshold:.2f}. A verdict stays as it was "
        "taken, before such labels came: the verdicts on the batches after it act on them."
    )


def _view_tiles(report: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The numbers a person asks for first."""
    for name in ("realized", "estimated"):
        found = report["performance"][name]
        value = f"{found['roc_auc']['value']:.3f}" if found else "–"
        note = format_interval(found["roc_auc"]) if found else "not known yet" if name == "realized" else "not known"
        yield {"term": name, "title": f"ROC-AUC, {name}", "value": value, "note": note}
    drifted = [one["feature"] for one in report["drift"]["features"] if one["drifted"]]
    of = f"of {len(report['drift']['features'])}"
    yield {"term": "drift", "title": "Features that drifted", "value": str(len(drifted)), "note": of}
    findings = len(report["data_quality"]["findings"])
    yield {
        "term": "",
        "title": "Data quality",
        "value": report["data_quality"]["status"],
        "note": f"{findings or 'no'} finding{'' if findings == 1 else 's'}",
    }
    coverage = report["batch"]["label_coverage"]
    yield {"term": "coverage", "title": "Labels known", "value": format_share(coverage), "note": "of the rows"}


def _view_verdicts(verdicts: dict[str, Any]) -> list[dict[str, Any]]:
    """Both verdicts, the one that acts first."""
    titles = {"calibrated": "Controlled procedure", "spec": "Specification, literally"}
    shown = [{"title": title, "acts": name == verdicts["mode"], **verdicts[name]} for name, title in titles.items()]
    return sorted(shown, key=lambda side: not side["acts"])


def _view_performance(performance: dict[str, Any], threshold: float | None) -> dict[str, Any]:
    """The interval chart, realized beside estimated metrics, and segments, the worst first."""
    realized, estimated = performance["realized"], performance["estimated"]
    sources = {"realized": realized, "estimated": estimated}
    intervals = {name: _interval(source) for name, source in sources.items() if source is not None}
    segments = [{"name": name, **one} for name, one in performance["segments"].items()]
    chart = build_interval_chart(intervals, threshold) if intervals else None
    told = [f"{name} {one['value']:.3f} ({format_interval(one)})" for name, one in intervals.items()]
    return {
        "chart": chart,
        "told": f"ROC-AUC: {', '.join(told)}"
        + (f"; the threshold is {threshold:.2f}" if threshold is not None else ""),
        "anchor": "end" if chart and chart.threshold is not None and chart.threshold > 80.0 else "start",
        "metrics": _view_metrics(realized or {}, estimated or {}),
        "caution": tell_caution(estimated) if estimated else "",
        "segments": sorted(segments, key=lambda one: one["roc_auc"]["value"]),
    }


def _view_metrics(realized: dict[str, Any], estimated: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per metric that either of them has, ROC-AUC by its point estimate."""
    rows = [
        {"title": title, "realized": realized.get(key), "estimated": estimated.get(key)}
        for key, title in _METRICS
        if key in realized or key in estimated
    ]
    return [row | {"realized": row["realized"]["value"]} if isinstance(row["realized"], dict) else row for row in rows]


def _interval(source: dict[str, Any]) -> dict[str, float]:
    return {key: source["roc_auc"][key] for key in ("value", "low", "high")}


def _view_overall(drift: dict[str, Any], unlabelled: str) -> list[dict[str, Any]]:
    """The three comparisons that are not about one feature, each with what it means."""
    meanings = (
        ("prediction", "", "Scores", "the distribution of the model's scores", "not measured"),
        ("target", "label_shift", "Label shift", "the churn rate", unlabelled),
        ("concept", "concept", "Concept drift", "how features relate to churn", unlabelled),
    )
    return [
        {"term": term, "title": title, "meaning": meaning, "absent": absent, "result": drift[key]}
        for key, term, title, meaning, absent in meanings
    ]


def _view_anchor(anchor: dict[str, Any] | None, named: int) -> dict[str, Any] | None:
    """Drift against the anchor with the names of what moved, the farthest first; reports once had none of it."""
    if anchor is None:
        return None
    drifted = [feature for feature in anchor["features"] if feature["drifted"]]
    ranked = sorted(drifted, key=lambda feature: -abs(feature["effect_size"]))
    return anchor | {"moved": [feature["feature"] for feature in ranked[:named]]}


def _rank_by_severity(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: _SEVERITY[item["severity"]])


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Names with dots and values as text, in the order of the file."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


def _tell_command(batch: Mapping[str, Any]) -> str:
    parameters = f"batch={batch['id']},as_of={batch['as_of']}"
    return f"kedro run --pipeline monitoring --params {shlex.quote(parameters)}"
