"""What a monitoring leaves behind: reports, the facts of its MLflow run, and what the command line prints."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from churn_monitoring.core.records import (
    Alert,
    Attempt,
    Decision,
    Estimate,
    Evidence,
    LabelledEvidence,
    LedgerEntry,
)
from churn_monitoring.datasets.files import show_path
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.nodes import BatchDrift
from churn_monitoring.reporting.page import render_page
from churn_monitoring.reporting.report import add_labels, build_report

REPORT_FOLDER = "data/08_reporting/monitoring"
HISTORY_STRIP = 26


@dataclass(frozen=True)
class MonitoringOutcome:
    """What a person wants to hear of one monitored batch.

    ``rejection`` says why it could not be monitored at all, ``remarks`` what could not be told from it.
    """

    batch_id: str
    rows: int
    decision: Decision
    roc_auc: Estimate | None
    rejection: str | None
    remarks: tuple[str, ...]
    report_path: str


def build_reports(
    evidence: Evidence,
    alerts: Sequence[Alert],
    decision: Decision,
    labelled: Sequence[LabelledEvidence],
    champion: ChampionPackage,
    model_name: str,
    saved_reports: Mapping[str, Callable[[], dict[str, Any]]],
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """This batch's report, and earlier ones that labels have something to say about: to keep, and to go on with."""
    by_batch = {item.batch_id: item for item in labelled}
    model = {"name": model_name, "version": champion.version}
    earlier = {
        batch_id: saved_reports[batch_id]()
        for batch_id in by_batch
        if batch_id in saved_reports and batch_id != evidence.batch_id
    }
    updated = {batch_id: _update(report, by_batch[batch_id], champion.version) for batch_id, report in earlier.items()}
    reports = {batch_id: report for batch_id, report in updated.items() if report != earlier[batch_id]}
    own = build_report(evidence, alerts, decision, by_batch.get(evidence.batch_id), model)
    reports[evidence.batch_id] = own
    return reports, reports


def render_pages(
    reports: Mapping[str, dict[str, Any]],
    ledger: Sequence[LedgerEntry],
    attempts: Sequence[Attempt],
    performance_threshold: float,
    drift_share_threshold: float,
) -> dict[str, str]:
    """One self-contained HTML page per report."""
    history = build_history(ledger, attempts)[-HISTORY_STRIP:]
    return {
        batch_id: render_page(
            report,
            history=history,
            performance_threshold=performance_threshold,
            drift_share_threshold=drift_share_threshold,
        )
        for batch_id, report in reports.items()
    }


def build_history(ledger: Sequence[LedgerEntry], attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """One plain record per monitored batch, oldest first, with what retraining did on its day."""
    events = {attempt.as_of: attempt for attempt in attempts}
    return [
        {
            "batch": entry.batch_id,
            "as_of": entry.as_of.isoformat(),
            "action": entry.action,
            "roc_auc": _read_roc_auc(entry.metrics),
            "drift_share": entry.metrics.get("drift_share", 0.0),
            "model_version": entry.model_version,
            "event": events[entry.as_of].verdict if entry.as_of in events else None,
            "event_version": events[entry.as_of].version_after if entry.as_of in events else None,
        }
        for entry in ledger
    ]


def summarize_run(
    batch: Batch,
    rows: BatchRows,
    evidence: Evidence,
    drift: BatchDrift,
    labelled: Sequence[LabelledEvidence],
    decision: Decision,
    reports: Mapping[str, dict[str, Any]],
    ledger: Sequence[LedgerEntry],
    champion: ChampionPackage,
    model_name: str,
) -> tuple[dict[str, Any], MonitoringOutcome]:
    """Metrics, tags and the report for the run, metrics that earlier batches' runs get late, and the outcome."""
    runs = {entry.batch_id: entry for entry in ledger}
    measured = {item.batch_id: item for item in labelled if item.performance is not None}
    own = measured.get(batch.batch_id)
    facts = {
        "metrics": {**_measure_evidence(evidence, drift), **(_measure_labels(own) if own else {})},
        "tags": {
            "mlflow.runName": f"monitoring {batch.batch_id}",
            "model_name": model_name,
            "kind": "monitoring",
            "batch": batch.batch_id,
            "batch_date": batch.batch_date.isoformat(),
            "as_of": batch.as_of.isoformat(),
            "action": decision.action,
            "rejected": str(rows.rejection is not None).lower(),
            "model_version": champion.version,
            "file_size": batch.delivery.size,
            "file_modified_ns": batch.delivery.modified_ns,
            "file_sha256": batch.delivery.fingerprint(),
        },
        "artifacts": {"report.json": reports[batch.batch_id]},
        "step": sum(entry.batch_date < batch.batch_date for entry in ledger) + 1,
        "late_metrics": {
            runs[batch_id].run_id: _measure_labels(item)
            for batch_id, item in measured.items()
            if batch_id in runs
            and batch_id != batch.batch_id
            and not _measure_labels(item).items() <= runs[batch_id].metrics.items()
        },
    }
    outcome = MonitoringOutcome(
        batch_id=batch.batch_id,
        rows=evidence.rows,
        decision=decision,
        roc_auc=evidence.labelled[-1].performance.roc_auc  # type: ignore[union-attr]
        if evidence.labelled
        else None,
        rejection=rows.rejection.message if rows.rejection else None,
        remarks=tuple(_remark(show_path(batch.delivery.path), rows, evidence, champion)),
        report_path=f"{REPORT_FOLDER}/{batch.batch_id}.json",
    )
    return facts, outcome


def _remark(file: str, rows: BatchRows, evidence: Evidence, champion: ChampionPackage) -> Iterator[str]:
    """Sentences about a batch that was monitored, yet not on everything."""
    if any(finding.check == "small_batch" for finding in evidence.quality.findings):
        yield (
            f"{file} has {evidence.rows} rows, too few to tell drift from chance: gather more rows into one batch, or "
            "lower quality.min_rows and drift.min_rows."
        )
    known = rows.labels.dropna()
    if known.nunique() == 1:
        yield (
            f"{file} holds one class only in column {champion.schema.target} ({len(known)} labels), so its performance "
            "cannot be measured: check that column."
        )


def _update(report: Mapping[str, Any], labelled: LabelledEvidence, version: str) -> dict[str, Any]:
    """What was said of target and concept of an earlier champion's batch stays: it is not measured any more."""
    updated = add_labels(report, labelled)
    return updated if report["model"]["version"] == version else {**updated, "drift": report["drift"]}


def _measure_evidence(evidence: Evidence, drift: BatchDrift) -> dict[str, float]:
    drifted = [feature.drifted for feature in evidence.features]
    metrics = {
        "rows": float(evidence.rows),
        "quality_findings": float(len(evidence.quality.findings)),
        "drift_share": sum(drifted) / len(drifted) if drifted else 0.0,
    }
    for one in [*evidence.features, *([evidence.prediction] if evidence.prediction else [])]:
        metrics[f"drift_effect/{one.feature}"] = one.effect_size
        if one.p_value is not None:
            metrics[f"drift_p_value/{one.feature}"] = one.p_value
    metrics |= {f"psi/{feature}": measured["psi"] for feature, measured in (drift.distances or {}).items()}
    if evidence.estimated:
        metrics["estimated_roc_auc"] = evidence.estimated.roc_auc.value
    return metrics


def _measure_labels(item: LabelledEvidence) -> dict[str, float]:
    if item.performance is None:
        return {}
    plain = {name: value for name, value in asdict(item.performance).items() if name != "roc_auc"}
    roc_auc = item.performance.roc_auc
    metrics = {
        **plain,
        "roc_auc": roc_auc.value,
        "roc_auc_low": roc_auc.low,
        "roc_auc_high": roc_auc.high,
        "label_coverage": item.label_coverage,
    }
    metrics["labelled_rows"] = metrics.pop("rows")
    for name, test in (("target", item.target), ("concept", item.concept)):
        if test is not None and test.p_value is not None:
            metrics[f"{name}_p_value"] = test.p_value
    return metrics


def _read_roc_auc(metrics: Mapping[str, float]) -> dict[str, float] | None:
    if "roc_auc" not in metrics:
        return None
    return {"value": metrics["roc_auc"], "low": metrics["roc_auc_low"], "high": metrics["roc_auc_high"]}
