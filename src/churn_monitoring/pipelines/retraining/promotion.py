"""Nodes that judge an attempt and write it down: paired comparison, package to promote, summary."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd

from churn_monitoring.core.options import RetrainingOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt, LedgerEntry
from churn_monitoring.learning.importance import measure_importance
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import score_rows
from churn_monitoring.learning.reference import assemble_reference
from churn_monitoring.learning.window import Window
from churn_monitoring.performance.calibration import choose_threshold_f1, fit_platt
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.pipelines.retraining.nodes import Challenger, WindowCheck
from churn_monitoring.promotion.comparison import Comparison, compare_candidates
from churn_monitoring.promotion.policy import decide_promotion
from churn_monitoring.quality.dependency import fit_dependencies


@dataclass(frozen=True)
class AttemptJudgement:
    """The verdict on an attempt, and the comparison behind it where one was made."""

    verdict: str
    reasons: tuple[str, ...]
    chosen: str | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True)
class RetrainingOutcome:
    """What a person wants to hear of an attempt."""

    as_of: date
    verdict: str
    reasons: tuple[str, ...]
    version_before: str
    version_after: str
    report_path: str

    @property
    def promoted(self) -> bool:
        """Whether a challenger is now in service."""
        return self.verdict == "promoted"


def compare_with_champion(
    first: Challenger,
    second: Challenger,
    window: Window,
    check: WindowCheck,
    options: RetrainingOptions,
    min_improvement: float,
) -> AttemptJudgement:
    """Choose the challenger by its out-of-fold scores, then test it once on rows neither has seen."""
    if check.stop.verdict is not None:
        return AttemptJudgement(check.stop.verdict, check.stop.reasons)
    chosen = max(first, second, key=lambda one: one.out_of_fold_roc_auc)
    comparison = compare_candidates(
        window.comparison["label"].to_numpy(float),
        window.comparison["score"].to_numpy(float),
        {one.name: one.comparison.scores for one in (first, second) if one.comparison is not None},
        chosen.name,
        options.confidence,
    )
    decision = decide_promotion(comparison, min_improvement, options.min_positives, options.min_negatives)
    return AttemptJudgement(decision.verdict, decision.reasons, chosen.name, comparison)


def build_promotion(
    judgement: AttemptJudgement,
    first: Challenger,
    second: Challenger,
    window: Window,
    champion: ChampionPackage,
    as_of: date,
    policy: Parameters,
) -> dict[str, Any]:
    """``{"package": ...}`` for the registry: the challenger that earned it, else None.

    Its reference are the regime's rows with scores of models that had not seen them, since the reference
    moves with the champion.
    """
    if judgement.verdict != "promoted":
        return {"package": None}
    challenger = first if first.name == judgement.chosen else second
    learning, comparison = challenger.learning, challenger.comparison
    if learning is None or comparison is None:
        raise ValueError("a promoted challenger has scores")
    calibration = fit_platt(learning.labels, learning.scores)
    threshold = choose_threshold_f1(learning.labels, calibration.apply(learning.scores))
    table = pd.concat([window.learning, window.comparison], ignore_index=True)
    parts = {"comparison": comparison, "out_of_fold": learning}
    assembled = assemble_reference(table, parts, calibration, champion.schema, policy.reference, policy.seed)
    probabilities = calibration.apply(comparison.scores)
    compared = measure_performance(comparison.labels, comparison.scores, probabilities, threshold, policy.performance)
    kept = [champion.schema.id, *champion.schema.features, "label"]
    training_rows = pd.concat([champion.training_rows[kept], window.learning[kept]], ignore_index=True)
    package = ChampionPackage(
        model=challenger.model,
        candidate=challenger.name,
        schema=champion.schema,
        profile=assembled.profile,
        reference=assembled.rows,
        reference_features=assembled.features,
        calibration=calibration,
        threshold=threshold,
        metrics={
            "holdout": asdict(compared) if compared else None,
            "reference": assembled.measure(threshold, policy.performance),
        },
        facts={
            **champion.facts,
            "as_of": as_of.isoformat(),
            "training_rows": len(training_rows),
            "reference_rows": len(assembled.rows),
            "repeated_share": assembled.repeated_share,
            "importance": measure_importance(
                lambda rows: score_rows(challenger.model, rows),
                window.comparison,
                comparison.labels,
                champion.schema.features,
                policy.seed,
            ),
            "window_batches": list(window.batches),
            "notes": [],
        },
        dependencies=fit_dependencies(
            assembled.with_ids(champion.schema.id), champion.schema, policy.quality, policy.seed
        ),
        training_rows=training_rows,
    )
    return {"package": package}


def summarize_attempt(
    judgement: AttemptJudgement,
    window: Window,
    check: WindowCheck,
    receipt: Mapping[str, str],
    ledger: Sequence[LedgerEntry],
    attempts: Sequence[Attempt],
    as_of: date,
    model_name: str,
) -> tuple[dict[str, Any], dict[str, Any], RetrainingOutcome]:
    """The summary document by its file name, the facts of the run, and what the command line prints."""
    name = f"{as_of.isoformat()}-{len(attempts) + 1}"
    summary = {
        "schema_version": "1.0",
        "as_of": as_of.isoformat(),
        "trigger": _tell_trigger(ledger, as_of),
        "window": {
            "batches": list(window.batches),
            "learning_rows": len(window.learning),
            "comparison_rows": len(window.comparison),
            **window.facts,
        },
        "data_quality": {
            "status": check.quality.status,
            "findings": [asdict(finding) for finding in check.quality.findings],
        },
        **_show_comparison(judgement.comparison),
        "chosen": judgement.chosen,
        "verdict": judgement.verdict,
        "reasons": list(judgement.reasons),
        **receipt,
    }
    facts = {
        "metrics": _measure_comparison(judgement.comparison),
        "tags": {
            "mlflow.runName": f"retraining {as_of.isoformat()}",
            "model_name": model_name,
            "kind": "retraining",
            "as_of": as_of.isoformat(),
            "verdict": judgement.verdict,
            **receipt,
        },
        "artifacts": {"summary.json": summary},
    }
    path = f"data/08_reporting/retraining/{name}.json"
    outcome = RetrainingOutcome(
        as_of, judgement.verdict, judgement.reasons, receipt["version_before"], receipt["version_after"], path
    )
    return {name: summary}, facts, outcome


def _tell_trigger(ledger: Sequence[LedgerEntry], as_of: date) -> str:
    decided = [entry.batch_id for entry in ledger if entry.action == "retrain" and entry.as_of == as_of]
    return f"decided on batch {decided[-1]}" if decided else "asked for by a person"


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
        "comparison": {"positives": comparison.positives, "negatives": comparison.negatives},
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
    }
