"""Nodes that judge an attempt: paired comparison, guardrails and verdict; and the package to promote.

    window, challengers ─ choose by out-of-fold scores ─┬ Comparison  (paired, at the level of this attempt) ┐
                                                        └ Guardrails  (champion and challenger as they serve) ┴ verdict

The package is built only of a challenger that earned it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt
from churn_monitoring.learning.candidate import ScoredRows
from churn_monitoring.learning.fingerprint import tell_fingerprints
from churn_monitoring.learning.importance import measure_importance
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.reference import assemble_reference
from churn_monitoring.learning.scorer import Scorer
from churn_monitoring.learning.window import Window
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.operating_point import tell_operating_point
from churn_monitoring.performance.segments import mark_segments
from churn_monitoring.pipelines.retraining.nodes import Challenger, WindowCheck
from churn_monitoring.promotion.attempts import count_comparisons
from churn_monitoring.promotion.comparison import Comparison, compare_candidates
from churn_monitoring.promotion.guardrails import Contender, Guardrail, measure_guardrails
from churn_monitoring.promotion.policy import decide_promotion
from churn_monitoring.quality.dependency import fit_dependencies


@dataclass(frozen=True)
class AttemptJudgement:
    """The verdict on an attempt, and the comparison and guardrails behind it where one was made."""

    verdict: str
    reasons: tuple[str, ...]
    chosen: str | None = None
    comparison: Comparison | None = None
    guardrails: tuple[Guardrail, ...] = ()
    kind: Literal["retraining"] = "retraining"


def compare_with_champion(
    first: Challenger,
    second: Challenger,
    window: Window,
    check: WindowCheck,
    champion: ChampionPackage,
    attempts: Sequence[Attempt],
    policy: Parameters,
) -> AttemptJudgement:
    """Choose the challenger by its out-of-fold scores, then test it once on rows neither has seen."""
    if check.stop.verdict is not None:
        return AttemptJudgement(check.stop.verdict, check.stop.reasons)
    chosen = max(first, second, key=lambda one: one.out_of_fold_roc_auc)
    labels = window.comparison["label"].to_numpy(float)
    scores = {one.name: one.comparison.scores for one in (first, second) if one.comparison is not None}
    served = window.comparison["score"].to_numpy(float)
    attempt = count_comparisons(attempts) + 1
    comparison = compare_candidates(labels, served, scores, chosen.name, policy.retraining.confidence, attempt)
    guardrails = measure_guardrails(
        labels,
        Contender(served, champion.calibration.apply(served)),
        Contender(scores[chosen.name], chosen.calibration.apply(scores[chosen.name])),
        champion.threshold,
        mark_segments(window.comparison, policy.segments),
        policy,
    )
    needed = policy.retraining.min_positives, policy.retraining.min_negatives
    decision = decide_promotion(comparison, guardrails, policy.min_improvement, *needed)
    return AttemptJudgement(decision.verdict, decision.reasons, chosen.name, comparison, guardrails)


def build_promotion(
    judgement: AttemptJudgement,
    first: Challenger,
    second: Challenger,
    window: Window,
    champion: ChampionPackage,
    as_of: date,
    policy: Parameters,
) -> dict[str, Any]:
    """``{"package": ..., "replaces": ...}`` for the registry: the challenger that earned it, else None."""
    if judgement.verdict != "promoted":
        return {"package": None}
    challenger = first if first.name == judgement.chosen else second
    package = _pack_challenger(challenger, window, champion, as_of, policy)
    return {"package": package, "replaces": champion.version}


def _pack_challenger(
    challenger: Challenger, window: Window, champion: ChampionPackage, as_of: date, policy: Parameters
) -> ChampionPackage:
    """The challenger with all that has to travel with it.

    Its reference are the regime's rows with scores of models that had not seen them, since the reference
    moves with the champion.
    """
    learning, comparison = challenger.learning, challenger.comparison
    if learning is None or comparison is None:
        raise ValueError("a promoted challenger has scores")
    schema, calibration, threshold = champion.schema, challenger.calibration, challenger.threshold
    table = pd.concat([window.learning, window.comparison], ignore_index=True)
    parts = {"comparison": comparison, "out_of_fold": learning}
    assembled = assemble_reference(table, parts, calibration, schema, policy.reference, policy.seed)
    probabilities = calibration.apply(comparison.scores)
    compared = measure_performance(comparison.labels, comparison.scores, probabilities, threshold, policy.performance)
    kept = [schema.id, *schema.features, "label"]
    training_rows = pd.concat([champion.training_rows[kept], window.learning[kept]], ignore_index=True)
    counted = {
        "training_rows": len(training_rows),
        "reference_rows": len(assembled.rows),
        "repeated_share": assembled.repeated_share,
        "operating_point": tell_operating_point(policy.operating_point),
        **tell_fingerprints(training_rows, assembled, policy),
    }
    making = _tell_making(challenger.model, comparison, window, champion, as_of, policy.seed)
    return ChampionPackage(
        model=challenger.model,
        candidate=challenger.name,
        schema=schema,
        profile=assembled.profile,
        reference=assembled.rows,
        reference_features=assembled.features,
        calibration=calibration,
        threshold=threshold,
        metrics={
            "holdout": asdict(compared) if compared else None,
            "reference": assembled.measure(threshold, policy.performance),
        },
        facts=making | counted,
        dependencies=fit_dependencies(
            assembled.with_ids(schema.id), schema, making["importance"], policy.quality, policy.seed
        ),
        training_rows=training_rows,
        anchor=champion.anchor or champion.profile,
    )


def _tell_making(
    model: Any, comparison: ScoredRows, window: Window, champion: ChampionPackage, as_of: date, seed: int
) -> dict[str, Any]:
    """What the champion before was told of the table, and of this making the day, the window and what matters."""
    importance = measure_importance(Scorer(model), window.comparison, comparison.labels, seed)
    return {
        **champion.facts,
        **champion.anchor_facts,
        "by": "promoted",
        "as_of": as_of.isoformat(),
        "importance": importance,
        "window_batches": list(window.batches),
        "notes": [],
    }
