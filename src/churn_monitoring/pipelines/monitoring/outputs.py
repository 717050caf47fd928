"""What a monitoring leaves behind: reports, the facts of its MLflow run, and what the command line prints."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from statistics import fmean
from typing import Any

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt, Decision, Estimate, Evidence, LedgerEntry
from churn_monitoring.datasets.files import show_path
from churn_monitoring.decision.judgement import Judgement
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.pipelines.dashboard import gather_history
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.logged import measure_evidence, measure_labels
from churn_monitoring.pipelines.monitoring.maturing import LabelledBatches
from churn_monitoring.pipelines.monitoring.measuring import BatchDrift, BatchProfile
from churn_monitoring.promotion.reigns import find_beginning
from churn_monitoring.reporting.history import History, digest_report
from churn_monitoring.reporting.page import render_page
from churn_monitoring.reporting.report import TrackRecord, add_labels, build_report, show_labels

REPORT_FOLDER = "data/08_reporting/monitoring"


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


def keep_evidence(judgement: Judgement, profile: BatchProfile) -> dict[str, dict[str, Any]]:
    """The frozen evidence record of this batch, and what was counted while its rows were read, as plain values."""
    plain = {"evidence": asdict(judgement.evidence), "facts": asdict(profile.facts)}
    return {judgement.evidence.batch_id: json.loads(json.dumps(plain, default=_show_plainly, allow_nan=False))}


def measure_track_record(ledger: Sequence[LedgerEntry], labelled: LabelledBatches) -> TrackRecord:
    """How well earlier estimates foretold what was realized later; of no batch before any could be compared."""
    realized = {entry.batch_id: entry.metrics["roc_auc"] for entry in ledger if "roc_auc" in entry.metrics}
    realized |= {item.batch_id: item.performance.roc_auc.value for item in labelled.everything if item.performance}
    pairs = [
        (entry.metrics["estimated_roc_auc"], realized[entry.batch_id])
        for entry in ledger
        if "estimated_roc_auc" in entry.metrics and entry.batch_id in realized
    ]
    if not pairs:
        return TrackRecord(0, 0.0, 0.0)
    errors = [foretold - found for foretold, found in pairs]
    return TrackRecord(len(errors), fmean(map(abs, errors)), fmean(errors))


def build_reports(
    judgement: Judgement,
    drift: BatchDrift,
    labelled: LabelledBatches,
    track_record: TrackRecord,
    champion: ChampionPackage,
    policy: Parameters,
    saved_reports: Mapping[str, Callable[[], dict[str, Any]]],
    attempts: Sequence[Attempt],
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """This batch's report, and earlier ones that labels have something to say about: to keep, and to go on with."""
    by_batch = {item.batch_id: show_labels(item, policy) for item in labelled.everything}
    own_id = judgement.evidence.batch_id
    earlier = {
        batch_id: saved_reports[batch_id]() for batch_id in by_batch if batch_id in saved_reports and batch_id != own_id
    }
    updated = {batch_id: _update(report, by_batch[batch_id], champion.version) for batch_id, report in earlier.items()}
    reports = {batch_id: report for batch_id, report in updated.items() if report != earlier[batch_id]}
    since, by = find_beginning(attempts, champion.version, date.fromisoformat(champion.facts["as_of"]))
    model = {"name": policy.model_name, "version": champion.version, "since": since.isoformat(), "by": by}
    report = build_report(judgement, model, drift.domain, track_record)
    reports[own_id] = add_labels(report, by_batch[own_id]) if own_id in by_batch else report
    return reports, reports


def trace_history(
    batch: Batch,
    reports: Mapping[str, dict[str, Any]],
    ledger: Sequence[LedgerEntry],
    attempts: Sequence[Attempt],
    kept_digests: Mapping[str, Callable[[], dict[str, Any]]],
    saved_reports: Mapping[str, Callable[[], dict[str, Any]]],
) -> tuple[dict[str, dict[str, Any]], History]:
    """The digest of this batch, to keep, and the history that includes what this run is about to add."""
    own = digest_report(reports[batch.batch_id])
    digests = {**kept_digests, batch.batch_id: lambda: own}
    history = gather_history(complete_ledger(ledger, batch, reports), attempts, digests, saved_reports)
    return {batch.batch_id: own}, history


def render_pages(
    batch: Batch,
    reports: Mapping[str, dict[str, Any]],
    history: History,
    picture: Mapping[str, Any],
    kept_pictures: Mapping[str, Callable[[], dict[str, Any]]],
    policy: Parameters,
) -> dict[str, str]:
    """One self-contained HTML page per report: of this batch, and of those that labels have something to say about."""
    pictures = {batch_id: kept_pictures[batch_id]() for batch_id in reports if batch_id in kept_pictures}
    pictures[batch.batch_id] = dict(picture)
    return {
        batch_id: render_page(
            report,
            history=history.batches,
            limits=policy.reporting,
            events=history.events,
            picture=pictures.get(batch_id),
            performance_threshold=policy.performance_threshold,
            drift_share_threshold=policy.drift_share_threshold,
        )
        for batch_id, report in reports.items()
    }


def complete_ledger(
    ledger: Sequence[LedgerEntry], batch: Batch, reports: Mapping[str, dict[str, Any]]
) -> list[LedgerEntry]:
    """The ledger as it will be after this run, for drawing: with this batch, and with performance just realized."""
    report = reports[batch.batch_id]
    action, version = report["decision"]["action"], report["model"]["version"]
    told = (batch.batch_id, batch.batch_date, batch.as_of, action, False, version, 0, 0, "")
    own = LedgerEntry("", *told, {"drift_share": report["drift"]["share"]})
    entries = [*(entry for entry in ledger if entry.batch_id != batch.batch_id), own]
    known = [replace(one, metrics={**one.metrics, **_realized_in(reports.get(one.batch_id))}) for one in entries]
    return sorted(known, key=lambda entry: (entry.batch_date, entry.batch_id))


def summarize_run(
    batch: Batch,
    rows: BatchRows,
    judgement: Judgement,
    drift: BatchDrift,
    labelled: LabelledBatches,
    reports: Mapping[str, dict[str, Any]],
    ledger: Sequence[LedgerEntry],
    champion: ChampionPackage,
    policy: Parameters,
) -> tuple[dict[str, Any], MonitoringOutcome]:
    """Metrics, tags and the report for the run, metrics that earlier batches' runs get late, and the outcome."""
    evidence = judgement.evidence
    measured = {item.batch_id: measure_labels(item, policy) for item in labelled.everything if item.performance}
    facts = {
        "metrics": {**measure_evidence(evidence, drift, policy.reporting), **measured.get(batch.batch_id, {})},
        "tags": _tag(batch, rows, judgement, champion, policy),
        "artifacts": {"report.json": reports[batch.batch_id]},
        "step": sum(entry.batch_date < batch.batch_date for entry in ledger) + 1,
        "late_metrics": {
            entry.run_id: measured[entry.batch_id]
            for entry in ledger
            if entry.batch_id in measured
            and entry.batch_id != batch.batch_id
            and not measured[entry.batch_id].items() <= entry.metrics.items()
        },
    }
    newest = evidence.labelled[-1].performance if evidence.labelled else None
    outcome = MonitoringOutcome(
        batch_id=batch.batch_id,
        rows=evidence.rows,
        decision=judgement.decision,
        roc_auc=newest.roc_auc if newest else None,
        rejection=rows.rejection.message if rows.rejection else None,
        remarks=tuple(_remark(show_path(batch.delivery.path), rows, evidence, champion)),
        report_path=f"{REPORT_FOLDER}/{batch.batch_id}.json",
    )
    return facts, outcome


def _tag(
    batch: Batch, rows: BatchRows, judgement: Judgement, champion: ChampionPackage, policy: Parameters
) -> dict[str, Any]:
    return {
        "mlflow.runName": f"monitoring {batch.batch_id}",
        "model_name": policy.model_name,
        "kind": "monitoring",
        "batch": batch.batch_id,
        "batch_date": batch.batch_date.isoformat(),
        "as_of": batch.as_of.isoformat(),
        "action": judgement.decision.action,
        "remedy": judgement.decision.remedy or "none",
        "action_spec": judgement.spec.action,
        "action_calibrated": judgement.calibrated.action,
        "rejected": str(rows.rejection is not None).lower(),
        "model_version": champion.version,
        "file_size": batch.delivery.size,
        "file_modified_ns": batch.delivery.modified_ns,
        "file_sha256": batch.delivery.fingerprint(),
    }


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


def _update(report: Mapping[str, Any], labels: Mapping[str, Any], version: str) -> dict[str, Any]:
    """What was said of target and concept of an earlier champion's batch stays: it is not measured any more."""
    updated = add_labels(report, labels)
    return updated if report["model"]["version"] == version else {**updated, "drift": report["drift"]}


def _show_plainly(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def _realized_in(report: Mapping[str, Any] | None) -> dict[str, float]:
    realized = report["performance"]["realized"] if report else None
    if realized is None:
        return {}
    roc_auc = realized["roc_auc"]
    return {"roc_auc": roc_auc["value"], "roc_auc_low": roc_auc["low"], "roc_auc_high": roc_auc["high"]}
