"""The node that writes an attempt down: summary document, facts of the run, and what the command line prints."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from churn_monitoring.core.records import Attempt, LedgerEntry
from churn_monitoring.datasets.comparison_rows import COMPARISON_ROWS, COUNT_TAG
from churn_monitoring.learning.window import Window
from churn_monitoring.pipelines.retraining.nodes import WindowCheck, list_broken_batches
from churn_monitoring.pipelines.retraining.promotion import AttemptJudgement
from churn_monitoring.promotion.comparison import Comparison
from churn_monitoring.promotion.guardrails import Guardrail
from churn_monitoring.promotion.receipt import AttemptOutcome, settle_verdict


def summarize_attempt(
    judgement: AttemptJudgement,
    window: Window,
    check: WindowCheck,
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
    verdict, reasons, versions = settle_verdict(judgement.verdict, judgement.reasons, receipt)
    reasons = (*reasons, note) if note else reasons
    summary = {
        "schema_version": "1.1",
        "as_of": as_of.isoformat(),
        "trigger": _tell_trigger(ledger, as_of),
        **_show_rows(window, check, list_broken_batches(window, ledger, as_of)),
        "evaluation": {**asdict(check.leaks), "examples": list(check.leaks.examples)} if check.leaks else None,
        **_show_comparison(judgement.comparison),
        "guardrails": [asdict(guardrail) for guardrail in judgement.guardrails],
        "chosen": judgement.chosen,
        "verdict": verdict,
        "reasons": list(reasons),
        **versions,
    }
    tags = {
        "mlflow.runName": f"retraining {as_of.isoformat()}",
        "model_name": model_name,
        "kind": "retraining",
        "as_of": as_of.isoformat(),
        "verdict": verdict,
        "reason": reasons[0],
        **versions,
    }
    metrics = _measure_comparison(judgement.comparison) | _measure_losses(judgement.guardrails)
    told = {"metrics": metrics, "tags": tags, "artifacts": {"summary.json": summary}}
    facts = told if judgement.comparison is None else _keep_compared(told, window)
    path = f"data/08_reporting/retraining/{name}.json"
    moved = versions["version_before"], versions["version_after"]
    return {name: summary}, facts, AttemptOutcome("retraining", as_of, verdict, reasons, *moved, path)


def _keep_compared(facts: dict[str, Any], window: Window) -> dict[str, Any]:
    """The facts with the rows that were compared on, which no later attempt may be compared on again."""
    ids = window.compared["id"]
    rows = {"batch": window.compared["batch"].tolist(), "id": ids.where(ids.notna(), None).tolist()}
    return {
        **facts,
        "tags": {**facts["tags"], COUNT_TAG: len(window.compared)},
        "artifacts": {**facts["artifacts"], COMPARISON_ROWS: rows},
    }


def _tell_trigger(ledger: Sequence[LedgerEntry], as_of: date) -> str:
    decided = [entry.batch_id for entry in ledger if entry.action == "retrain" and entry.as_of == as_of]
    return f"decided on batch {decided[-1]}" if decided else "asked for by a person"


def _show_rows(window: Window, check: WindowCheck, broken: Sequence[str]) -> dict[str, Any]:
    return {
        "window": {
            "batches": list(window.batches),
            "broken_batches": list(broken),
            "learning_rows": len(window.learning),
            "comparison_rows": len(window.comparison),
            **window.facts,
        },
        "data_quality": {
            "status": check.quality.status,
            "findings": [asdict(finding) for finding in check.quality.findings],
        },
    }


def _show_comparison(comparison: Comparison | None) -> dict[str, Any]:
    if comparison is None:
        return {"candidates": {}, "champion": None, "comparison": None}
    candidates = {
        name: {"roc_auc": asdict(challenge.roc_auc), "paired_difference": asdict(challenge.paired)}
        for name, challenge in comparison.challengers.items()
    }
    return {
        "candidates": candidates,
        "champion": {"roc_auc": asdict(comparison.champion)} if comparison.champion else None,
        "comparison": {
            "positives": comparison.positives,
            "negatives": comparison.negatives,
            "attempt": comparison.attempt,
            "confidence": comparison.confidence,
        },
    }


def _measure_comparison(comparison: Comparison | None) -> dict[str, float]:
    if comparison is None or comparison.champion is None:
        return {}
    difference = comparison.challengers[comparison.chosen].paired.difference
    return {
        "champion_roc_auc": comparison.champion.value,
        "challenger_roc_auc": comparison.challengers[comparison.chosen].roc_auc.value,
        "gain": difference.value,
        "gain_low": difference.low,
        "gain_high": difference.high,
        "comparison_positives": float(comparison.positives),
        "comparison_negatives": float(comparison.negatives),
        "comparison_attempt": float(comparison.attempt),
    }


def _measure_losses(guardrails: Sequence[Guardrail]) -> dict[str, float]:
    """Losses as metrics: ``loss_recall``, ``loss_segment.contract.monthly``; MLflow allows few other characters."""
    named = {
        ".".join([f"loss_{each.name}", *(each.where or "").split(" = ")]).rstrip("."): each.loss.value
        for each in guardrails
    }
    return {re.sub(r"[^\w\-. ]", "_", name): loss for name, loss in named.items()}
