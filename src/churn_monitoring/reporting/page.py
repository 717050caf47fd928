"""One batch's report as one HTML page that needs nothing but a browser.

    report, history ─ view (ranked, formatted, coordinates) ─ templates/page.html.j2 ─ HTML

The page loads nothing: styles are inline, charts are SVG, fonts are the reader's own, and a content security
policy says so to the browser. Every value of the report is escaped, for a column can have any name.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from churn_monitoring.core.options import ReportingOptions
from churn_monitoring.reporting.charts import LANES, WIDTH, build_history_chart, build_interval_chart
from churn_monitoring.reporting.words import CONCEPT_TESTS, VERDICTS, describe_next_steps, name_check, tell_caution

if TYPE_CHECKING:
    from markupsafe import Markup

HISTORY_SHOWN = 60
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
    performance_threshold: float | None = None,
    drift_share_threshold: float | None = None,
) -> str:
    """The page of one batch.

    Args:
        report: the monitoring report as written to JSON; any of realized and estimated performance,
            prediction, target and concept drift, probe and domain classifier may be ``None``.
        history: batches up to this one, oldest first, each ``{batch, as_of, action, roc_auc, drift_share,
            model_version, event}`` with ``roc_auc`` a ``{value, low, high}`` or ``None``; the newest
            ``HISTORY_SHOWN`` are shown.
        limits: how many features and findings the page has; the JSON report, to which it links, has all.
        performance_threshold: drawn across the performance charts where given.
        drift_share_threshold: drawn across the drift chart where given.

    Returns:
        A complete HTML document; the same arguments give the same text.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("churn_monitoring.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=_format_number,
        signed=_format_signed,
        interval=_format_interval,
        p_value=_format_p_value,
        share=_format_share,
        code=_mark_code,
        check=name_check,
    )
    shown = list(history)[-HISTORY_SHOWN:]
    return environment.get_template("page.html.j2").render(
        report=report,
        verdict=VERDICTS[report["decision"]["action"]],
        steps=describe_next_steps(report),
        verdicts=_view_verdicts(report["verdicts"]),
        performance=_view_performance(report["performance"], performance_threshold),
        features=_rank_features(report["drift"]["features"]),
        overall=_view_overall(report["drift"]),
        concept_tests=[test | CONCEPT_TESTS[test["test"]] for test in report["drift"]["concept_tests"]],
        anchor=_view_anchor(report["drift"].get("anchor"), limits.top_features),
        findings=_rank_by_severity(report["data_quality"]["findings"]),
        alerts=_rank_by_severity(report["alerts"]),
        history=shown,
        timeline=build_history_chart(shown, report["batch"]["id"], performance_threshold, drift_share_threshold),
        thresholds={"performance": performance_threshold, "drift_share": drift_share_threshold},
        limits=limits,
        reasons_shown=REASONS_SHOWN,
        lanes=LANES,
        width=WIDTH,
    )


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
    return {
        "chart": build_interval_chart(intervals, threshold) if intervals else None,
        "intervals": intervals,
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


def _rank_features(features: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drifted features first, of equals that whose change matters most to the model; with the widths of their bars."""
    ranked = sorted(features, key=_tell_rank)
    largest = max((abs(feature["effect_size"]) for feature in features), default=0.0) or 1.0
    return [feature | {"bar": round(100 * abs(feature["effect_size"]) / largest, 1)} for feature in ranked]


def _tell_rank(feature: dict[str, Any]) -> tuple[bool, float, float]:
    """Importance times effect, then the effect: a model leaves many features of a wide table alone."""
    effect = abs(feature["effect_size"])
    return not feature["drifted"], -effect * (feature["importance"] or 0.0), -effect


def _view_overall(drift: dict[str, Any]) -> list[dict[str, Any]]:
    """The three comparisons that are not about one feature, each with what it means."""
    meanings = (
        ("prediction", "Scores", "the distribution of the model's scores", "not measured"),
        ("target", "Label shift", "the churn rate", "needs matured labels"),
        ("concept", "Concept drift", "how features relate to churn", "needs matured labels"),
    )
    return [
        {"title": title, "meaning": meaning, "absent": absent, "result": drift[key]}
        for key, title, meaning, absent in meanings
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


def _format_number(value: float | None, digits: int = 3) -> str:
    """Three decimals, or three significant digits where those would say nothing; a dash for ``None``."""
    if value is None:
        return "–"
    if value == int(value):
        return f"{int(value):,}"
    if 10**-digits <= abs(value) < 1000:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}g}"


def _format_signed(value: float) -> str:
    return f"{value:+.3f}"


def _format_interval(estimate: dict[str, float] | None) -> str:
    return "–" if estimate is None else f"{estimate['low']:.3f} to {estimate['high']:.3f}"


def _format_p_value(value: float | None) -> str:
    if value is None:
        return "too few rows"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _mark_code(text: str) -> "Markup":
    """The escaped text with what stands between backticks set as code."""
    from markupsafe import Markup

    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else part for position, part in enumerate(parts)
    )


def _format_share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
