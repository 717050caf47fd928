"""Nodes of the recalibration pipeline: the scores of the same model made true again after the churn rate moved.

Topology:
    choose_as_of -> gather_window_batches -> choose_rate_rows -> attempt_recalibration
        -> build_recalibrated -> (the registry) -> summarize_recalibration

An attempt that cannot be made, or that is not better, goes through as well, because it too is written down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt, LedgerEntry, Quality
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.recalibrated import rebuild_champion
from churn_monitoring.performance.recalibration import Recalibration, find_rate_change, measure_recalibration
from churn_monitoring.performance.scored import ScoredLabels
from churn_monitoring.pipelines.matured import measure_rows_quality
from churn_monitoring.promotion.receipt import AttemptOutcome, settle_verdict

Verdict = Literal["recalibrated", "kept", "insufficient_evidence", "refused_data"]


@dataclass(frozen=True)
class RateRows:
    """Labelled rows of the newest churn rate, one per customer, with ``label`` and ``score``.

    ``facts`` counts the labelled ``rows`` of the batches and which of them were left out: ``returning`` customers'
    older rows, and those of customers ``seen`` by the model in training.
    """

    batches: tuple[str, ...]
    rows: pd.DataFrame
    facts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RecalibrationAttempt:
    """The verdict on an attempt with what led to it; ``recalibration`` is None where it stopped before."""

    verdict: Verdict
    reasons: tuple[str, ...]
    quality: Quality
    recalibration: Recalibration | None = None
    kind: Literal["recalibration"] = "recalibration"


def choose_rate_rows(
    batches: Mapping[str, pd.DataFrame], ledger: Sequence[LedgerEntry], champion: ChampionPackage
) -> RateRows:
    """The rows since the churn rate moved, of the batches whose labels monitoring could judge.

    Labels that are few, or missing where scores are high, look like another churn rate and must not make one. When
    the rate moved is told by the labels themselves: with late labels, a batch was judged before they were known.
    """
    judged = {entry.batch_id for entry in ledger if "roc_auc" in entry.metrics}
    customer = champion.schema.id
    labelled = {name: rows for name, rows in batches.items() if name in judged}
    unseen = {name: rows[~champion.has_seen(rows[customer])] for name, rows in labelled.items()}
    unseen = {name: rows for name, rows in unseen.items() if len(rows)}
    if not unseen:
        return RateRows((), pd.DataFrame())
    start = find_rate_change([_read_scored(rows, champion) for rows in unseen.values()])
    names = list(unseen)[start:]
    together = pd.concat([unseen[name] for name in names], ignore_index=True)
    newest = together[together[customer].isna() | ~together[customer].duplicated(keep="last")].reset_index(drop=True)
    count = sum(len(labelled[name]) for name in names)
    facts = {"rows": count, "returning": len(together) - len(newest), "seen": count - len(together)}
    return RateRows(tuple(names), newest, facts)


def attempt_recalibration(chosen: RateRows, champion: ChampionPackage, policy: Parameters) -> RecalibrationAttempt:
    """Refuse broken data first, then too few labels, then a calibration that is not surely better."""
    if chosen.rows.empty:
        reason = (
            "No batch of the champion in service has labels yet that can be judged, of customers it was not trained "
            "on: monitor batches and wait for their labels."
        )
        return RecalibrationAttempt("insufficient_evidence", (reason,), Quality("ok"))
    quality = measure_rows_quality(chosen.rows, champion, policy.quality)
    if quality.status == "failed":
        messages = tuple(finding.message for finding in quality.findings if finding.severity == "failed")
        return RecalibrationAttempt("refused_data", messages, quality)
    shortage = _find_shortage(chosen, policy)
    if shortage is not None:
        return RecalibrationAttempt("insufficient_evidence", (shortage,), quality)
    scored = chosen.rows["label"].to_numpy(float), chosen.rows["score"].to_numpy(float)
    fold = np.random.default_rng(policy.seed).integers(policy.recalibration.folds, size=len(chosen.rows))
    found = measure_recalibration(*scored, champion.calibration, fold)
    better = found.p_value < policy.recalibration.p_value
    reason = (
        f"On {len(chosen.rows)} labelled rows of {len(chosen.batches)} batches a shift of {found.shift:+.2f} on the "
        f"logit takes the Brier score from {found.brier_before:.4f} to {found.brier_after:.4f} "
        f"(p = {found.p_value:.1e})"
    )
    told = "." if better else f": not surely better at {policy.recalibration.p_value:g}."
    return RecalibrationAttempt("recalibrated" if better else "kept", (reason + told,), quality, found)


def build_recalibrated(
    attempt: RecalibrationAttempt, chosen: RateRows, champion: ChampionPackage, as_of: date, policy: Parameters
) -> dict[str, Any]:
    """``{"package": ..., "replaces": ...}`` for the registry: the champion recalibrated where that is better."""
    if attempt.verdict != "recalibrated" or attempt.recalibration is None:
        return {"package": None}
    package = rebuild_champion(champion, chosen.rows, attempt.recalibration, chosen.batches, as_of, policy)
    return {"package": package, "replaces": champion.version}


def summarize_recalibration(
    attempt: RecalibrationAttempt,
    chosen: RateRows,
    champion: ChampionPackage,
    receipt: Mapping[str, str],
    ledger: Sequence[LedgerEntry],
    attempts: Sequence[Attempt],
    as_of: date,
    model_name: str,
    note: str = "",
) -> tuple[dict[str, Any], dict[str, Any], AttemptOutcome]:
    """The summary document by its file name, the facts of the run, and what the command line prints.

    ``note`` is what is to be said of the window beside the reasons.
    """
    name = f"{as_of.isoformat()}-{len(attempts) + 1}"
    measured = _measure_attempt(attempt, chosen, champion)
    verdict, reasons, versions = settle_verdict(attempt.verdict, attempt.reasons, receipt)
    reasons = (*reasons, note) if note else reasons
    told = {"as_of": as_of.isoformat(), "verdict": verdict, **versions}
    summary = {
        "schema_version": "1.0",
        "kind": "recalibration",
        "trigger": _tell_trigger(ledger, as_of),
        **_show_rows(chosen, attempt.quality),
        "calibration": measured or None,
        "reasons": list(reasons),
        **told,
    }
    tags = {
        "mlflow.runName": f"recalibration {as_of.isoformat()}",
        "model_name": model_name,
        "kind": "recalibration",
        "reason": reasons[0],
        **told,
    }
    facts = {"metrics": measured, "tags": tags, "artifacts": {"summary.json": summary}}
    path = f"data/08_reporting/retraining/{name}.json"
    moved = versions["version_before"], versions["version_after"]
    return {name: summary}, facts, AttemptOutcome("recalibration", as_of, verdict, reasons, *moved, path)


def _read_scored(rows: pd.DataFrame, champion: ChampionPackage) -> ScoredLabels:
    return ScoredLabels(rows["label"].to_numpy(float), champion.calibration.apply(rows["score"].to_numpy(float)))


def _find_shortage(chosen: RateRows, policy: Parameters) -> str | None:
    """Why there are too few labels; the rebuilt reference, which these rows join, must stay measurable."""
    positives = int((chosen.rows["label"] == 1).sum())
    negatives = len(chosen.rows) - positives
    wanted = (
        max(policy.recalibration.min_positives, policy.performance.min_positives),
        max(policy.recalibration.min_negatives, policy.performance.min_negatives),
    )
    if positives >= wanted[0] and negatives >= wanted[1]:
        return None
    return (
        f"There are {positives} churners and {negatives} others in the {len(chosen.batches)} matured batches since the "
        f"churn rate moved; {wanted[0]} and {wanted[1]} are needed: wait for more labels."
    )


def _show_rows(chosen: RateRows, quality: Quality) -> dict[str, Any]:
    findings = [{**asdict(finding), "examples": list(finding.examples)} for finding in quality.findings]
    return {
        "window": {"batches": list(chosen.batches), "rows": 0, "returning": 0, "seen": 0, **chosen.facts},
        "data_quality": {"status": quality.status, "findings": findings},
    }


def _measure_attempt(attempt: RecalibrationAttempt, chosen: RateRows, champion: ChampionPackage) -> dict[str, float]:
    found = attempt.recalibration
    if found is None:
        return {}
    return {
        "rows": float(len(chosen.rows)),
        "positives": float(chosen.rows["label"].sum()),
        "brier_before": found.brier_before,
        "brier_after": found.brier_after,
        "brier_p_value": found.p_value,
        "churn_rate_before": float(champion.reference["label"].mean()),
        "churn_rate_after": float(chosen.rows["label"].mean()),
        "shift": found.shift,
    }


def _tell_trigger(ledger: Sequence[LedgerEntry], as_of: date) -> str:
    decided = [entry.batch_id for entry in ledger if entry.remedy == "recalibrate" and entry.as_of == as_of]
    return f"decided on batch {decided[-1]}" if decided else "asked for by a person"
