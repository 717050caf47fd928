"""The champion again, at another churn rate: the same model with another calibration, threshold and reference.

    reference rows ─ redraw_by_label ─┐
    labelled rows of the new rate ────┴ reference at the new rate ─ profile, dependencies, metrics ─ ChampionPackage

Under label shift P(x | y) is what it was, so the old reference is true again once its churners and the others stand in
the new proportion; kept as it was, it would raise the same alert on every batch to come.
"""

from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pandas as pd

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Performance
from churn_monitoring.learning.candidate import ScoredRows
from churn_monitoring.learning.fingerprint import tell_fingerprints
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.reference import Reference, assemble_reference
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.operating_point import choose_threshold, tell_operating_point
from churn_monitoring.performance.recalibration import Recalibration, fit_shift
from churn_monitoring.quality.dependency import fit_dependencies


def redraw_by_label(labels: np.ndarray, odds_ratio: float, seed: int) -> np.ndarray:
    """``int64[k]``: ascending positions of rows among which the odds of a 1 are ``odds_ratio`` times what they were.

    A seeded sample without replacement of the class that there is too much of; the other one is kept whole.

    Args:
        labels: ``float64[n]`` of 0.0 and 1.0, both present.
        odds_ratio: above 0.
        seed: of the sample.

    >>> redraw_by_label(np.array([1.0, 1.0, 0.0, 0.0]), 2.0, seed=1).size
    3
    """
    too_many = 0.0 if odds_ratio > 1.0 else 1.0
    surplus, kept = np.flatnonzero(labels == too_many), np.flatnonzero(labels != too_many)
    count = max(1, round(surplus.size * min(odds_ratio, 1.0 / odds_ratio)))
    drawn = np.random.default_rng(seed).choice(surplus, size=count, replace=False)
    return np.sort(np.concatenate([kept, drawn]))


def rebuild_champion(
    champion: ChampionPackage,
    rows: pd.DataFrame,
    recalibration: Recalibration,
    batches: tuple[str, ...],
    as_of: date,
    policy: Parameters,
) -> ChampionPackage:
    """The champion recalibrated, ready to be registered; its model and what that was fitted on are the same.

    Args:
        champion: in service, with its training rows.
        rows: labelled rows of the new rate, one per customer and none of whom the model was fitted on, with
            ``label`` and ``score``; they join the reference as its part ``recalibration``.
        recalibration: measured on these rows.
        batches: ids of the batches they are from.
        as_of: the day.
        policy: rule of the operating point, options of reference and performance, seed.
    """
    labels, probabilities = (
        rows["label"].to_numpy(float),
        recalibration.calibration.apply(rows["score"].to_numpy(float)),
    )
    threshold = choose_threshold(labels, probabilities, policy.operating_point)
    reference = assemble_reference(
        *_gather_reference(champion, rows, recalibration, policy.seed),
        recalibration.calibration,
        champion.schema,
        policy.reference,
        policy.seed,
    )
    measured = _measure_left_out(rows, recalibration, threshold, policy)
    return replace(
        champion,
        profile=reference.profile,
        reference=reference.rows,
        reference_features=reference.features,
        calibration=recalibration.calibration,
        threshold=threshold,
        metrics={
            "holdout": asdict(measured) if measured else champion.metrics.get("holdout"),
            "reference": reference.measure(threshold, policy.performance),
        },
        facts={**champion.facts, **champion.anchor_facts, **_tell_making(champion, reference, batches, as_of, policy)},
        dependencies=fit_dependencies(
            reference.with_ids(champion.schema.id),
            champion.schema,
            champion.facts.get("importance", {}),
            policy.quality,
            policy.seed,
        ),
        calibration_rows=pd.concat(
            [champion.tuned_rows, rows[[champion.schema.id, *champion.schema.features]]], ignore_index=True
        ),
        anchor=champion.anchor or champion.profile,
        version="",
        replaces="",
    )


def _gather_reference(
    champion: ChampionPackage, rows: pd.DataFrame, recalibration: Recalibration, seed: int
) -> tuple[pd.DataFrame, dict[str, ScoredRows]]:
    """Table and parts of a reference at the new rate.

    The odds of leaving are multiplied by what the shift of the rows is beyond the reference's own: a calibration that
    was off on the reference already is no change of the rate.
    """
    beyond = recalibration.shift - fit_shift(champion.reference_scores.scored)
    drawn = redraw_by_label(champion.reference["label"].to_numpy(float), float(np.exp(beyond)), seed)
    past = champion.reference.iloc[drawn]
    features = champion.reference_features.iloc[drawn].assign(**{champion.schema.id: past["id"].to_numpy()})
    table = pd.concat([features, rows.reindex(columns=features.columns)], ignore_index=True)
    told = pd.concat([past, rows[["label", "score"]].assign(part="recalibration")], ignore_index=True)
    by_part = told.groupby("part", sort=False).indices
    return table, {str(name): _take(told, np.asarray(positions)) for name, positions in by_part.items()}


def _take(told: pd.DataFrame, positions: np.ndarray) -> ScoredRows:
    chosen = told.iloc[positions]
    return ScoredRows(positions, chosen["label"].to_numpy(float), chosen["score"].to_numpy(float))


def _measure_left_out(
    rows: pd.DataFrame, recalibration: Recalibration, threshold: float, policy: Parameters
) -> Performance | None:
    """Performance on the rows with probabilities that were not fitted on them."""
    labels, scores = rows["label"].to_numpy(float), rows["score"].to_numpy(float)
    return measure_performance(labels, scores, recalibration.left_out, threshold, policy.performance)


def _tell_making(
    champion: ChampionPackage, reference: Reference, batches: tuple[str, ...], as_of: date, policy: Parameters
) -> dict[str, object]:
    return {
        "by": "recalibrated",
        "as_of": as_of.isoformat(),
        "reference_rows": len(reference.rows),
        "repeated_share": reference.repeated_share,
        "operating_point": tell_operating_point(policy.operating_point),
        "recalibrated_from": champion.version,
        "window_batches": list(batches),
        "notes": [],
        **tell_fingerprints(champion.training_rows, reference, policy),
    }
