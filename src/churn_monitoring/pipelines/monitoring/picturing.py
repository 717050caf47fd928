"""The node that keeps what a page shows beyond the report, so that it can be drawn again when labels come.

batch profile, reference ─► shapes of the features worth drawing ─┐
champion, parameters, file ─► what the judgement went by ─────────┴─► picture
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import FeatureDrift
from churn_monitoring.datasets.code_version import tell_code_version
from churn_monitoring.datasets.files import show_path
from churn_monitoring.decision.judgement import Judgement
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.mix_effect import measure_mix_effect
from churn_monitoring.pipelines.monitoring.intake import Batch
from churn_monitoring.pipelines.monitoring.measuring import BatchProfile
from churn_monitoring.profiling import CategoryShape, NumberShape, shape_feature
from churn_monitoring.reporting.ranking import rank_features

KEPT = 40
"""Features whose shape is kept: labels that come later may move one up, but not from far behind."""
MISTAKES = 5_000
"""Rows of the reference, evenly over it, whose mistakes are looked at: enough for a mean in each of 24 bins."""
UNUSED = {"batch", "as_of", "customers", "simulation", "training", "table"}
"""Parameters that no judgement of a batch goes by; the columns are told by the report."""


def picture_batch(
    batch: Batch, judgement: Judgement, profile: BatchProfile, champion: ChampionPackage, policy: Parameters
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The picture of this batch: by its id, to keep; and alone, to go on with."""
    chosen = rank_features([_read(one) for one in judgement.evidence.features], {})[:KEPT]
    picture = {
        "features": _shape_features([one["feature"] for one in chosen], profile, champion),
        "reference": {
            "rows": len(champion.reference),
            "churn_rate": float(champion.reference["label"].mean()),
            "roc_auc": champion.metrics["reference"]["roc_auc"],
        },
        "model": {
            "candidate": champion.candidate,
            "threshold": champion.threshold,
            "data_sha256": champion.facts.get("data_sha256", ""),
        },
        "run": {
            "file": show_path(batch.delivery.path),
            "sha256": batch.delivery.fingerprint(),
            "code": tell_code_version(),
        },
        "parameters": policy.model_dump(mode="json", exclude=UNUSED),
    }
    return {batch.batch_id: picture}, picture


def _read(drift: FeatureDrift) -> dict[str, Any]:
    return {name: getattr(drift, name) for name in ("feature", "drifted", "effect_size", "importance")}


def _shape_features(names: list[str], profile: BatchProfile, champion: ChampionPackage) -> dict[str, Mapping[str, Any]]:
    """Shape and mix effect by feature; a feature without a value in the reference has none."""
    scores, rows = champion.reference_scores.scored, champion.reference_features
    chosen = np.unique(np.linspace(0, len(rows) - 1, MISTAKES).astype(np.int64)) if len(rows) else np.arange(0)
    errors = (scores.labels[chosen] - scores.probabilities[chosen]) ** 2
    shapes = {name: shape_feature(champion.profile, profile.features, name) for name in names}
    return {
        name: {**asdict(shape), "mix_effect": _measure_effect(shape, rows[name].iloc[chosen], errors)}
        for name, shape in shapes.items()
        if shape is not None and name in rows
    }


def _measure_effect(shape: NumberShape | CategoryShape, rows: pd.Series, errors: np.ndarray) -> float:
    if isinstance(shape, CategoryShape):
        places = {level: place for place, level in enumerate(shape.levels)}
        bins = np.array([places.get(level, len(places)) for level in rows], dtype=np.int64)
        bins[rows.isna().to_numpy()] = -1
        sides = [np.array([*shares, rest]) for shares, rest in _pair(shape, shape.rest)]
        return measure_mix_effect(bins, errors, *sides)
    values = rows.to_numpy(float)
    bins = np.searchsorted(np.array(shape.edges[1:-1]), values, side="left").astype(np.int64)
    bins[~np.isfinite(values)] = -1
    sides = [np.array(shares) for shares, _ in _pair(shape, shape.above)]
    for side, (below, above) in enumerate(zip(shape.below, shape.above, strict=True)):
        sides[side][0] += below
        sides[side][-1] += above
    return measure_mix_effect(bins, errors, *sides)


def _pair(shape: NumberShape | CategoryShape, rest: tuple[float, float]) -> list[tuple[tuple[float, ...], float]]:
    return [(shape.reference, rest[0]), (shape.batch, rest[1])]
