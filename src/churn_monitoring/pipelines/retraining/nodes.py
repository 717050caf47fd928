"""Nodes of the retraining pipeline.

Topology:
    choose_as_of -> gather_window_batches -> find_window -> check_window
    per candidate: challenge (cross-fit on the learning rows, calibrate, fit, score the comparison rows)
        -> summarize_challenger
    compare_with_champion -> build_promotion -> (the registry) -> summarize_attempt

An attempt that cannot be made (broken data, too few labels) goes through as a stopped one, because it too is
written down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.levels import share_out
from churn_monitoring.core.options import QualityOptions, RetrainingOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import LedgerEntry, Quality, Verdict
from churn_monitoring.learning.candidate import ScoredRows
from churn_monitoring.learning.cross_fit import cross_fit_scores
from churn_monitoring.learning.leaks import KnownRows, LeakCheck, check_leaks
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.learning.window import Window, find_shortage, split_window
from churn_monitoring.performance.calibration import PlattCalibration, fit_platt
from churn_monitoring.performance.labelled import JudgedAgainst, ScoredBatch, measure_labelled
from churn_monitoring.performance.operating_point import choose_threshold
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.performance.verdict import find_regime
from churn_monitoring.pipelines.matured import find_changed, measure_rows_quality

AS_SCORED = PlattCalibration(intercept=0.0, slope=1.0)


@dataclass(frozen=True)
class Stop:
    """Why an attempt ends before anything is trained; empty when it goes on."""

    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class WindowCheck:
    """Data quality of the window, whether its comparison rows are unknown, and whether the attempt stops here."""

    quality: Quality
    stop: Stop
    leaks: LeakCheck | None = None


@dataclass(frozen=True)
class Challenger:
    """A candidate fitted for an attempt; ``model`` is None where the attempt stopped before.

    ``learning`` are its out-of-fold scores on the window's learning rows, ``comparison`` its scores on the
    rows kept from it; positions point into learning and comparison rows, one after the other. ``with_past``
    says whether the champion's training rows were learned from again. ``calibration`` and ``threshold`` are made from
    the learning rows, so that the comparison rows judge them too.
    """

    name: str
    model: Any = None
    learning: ScoredRows | None = None
    comparison: ScoredRows | None = None
    out_of_fold_roc_auc: float = 0.0
    with_past: bool = True
    calibration: PlattCalibration = AS_SCORED
    threshold: float = 0.5


def find_window(
    batches: Mapping[str, pd.DataFrame],
    ledger: Sequence[LedgerEntry],
    champion: ChampionPackage,
    used: pd.DataFrame,
    policy: Parameters,
) -> Window:
    """The current regime's rows, divided into those to learn from and those to compare on.

    The regime is told by concept drift; where there is none (a person asked, or the probe), by the batches that were
    judged other than ``none``, if the newest is one of them. ``used`` are the rows of earlier comparisons.
    """
    entries = {entry.batch_id: entry for entry in ledger}
    against = JudgedAgainst(champion.reference_scores, champion.labelled_reference, lambda _rows: None)
    evidence = [
        measure_labelled(_describe(batch_id, entries, rows, champion), against, policy, with_tests=True)
        for batch_id, rows in batches.items()
    ]
    measured = [item for item in evidence if item.performance is not None]
    levels = share_out(policy)
    first = find_regime(measured, (levels.concept, levels.concept_repeated), policy.concept) or find_changed(
        list(batches), entries
    )
    start = list(batches).index(first) if first else 0
    chosen = dict(list(batches.items())[start:])
    known = KnownRows(
        fitted=champion.training_rows,
        calibrated=champion.tuned_rows,
        used=used,
        distinctive=_is_distinctive(champion, policy.quality),
    )
    return split_window(chosen, champion.schema, known, policy.retraining.comparison_share, policy.seed)


def check_window(
    window: Window, champion: ChampionPackage, quality_options: QualityOptions, options: RetrainingOptions
) -> WindowCheck:
    """Refuse broken data first, then rows to compare on that are known, then too little of them."""
    rows = pd.concat([window.learning, window.comparison], ignore_index=True)
    if rows.empty:
        reason = (
            "No labelled batch of the champion in service has matured yet: monitor batches and wait for their labels."
        )
        return WindowCheck(Quality("ok"), Stop("insufficient_evidence", (reason,)))
    quality = measure_rows_quality(rows, champion, quality_options)
    if quality.status == "failed":
        messages = tuple(finding.message for finding in quality.findings if finding.severity == "failed")
        return WindowCheck(quality, Stop("refused_data", messages))
    known = {
        "training": champion.training_rows,
        "calibration": champion.tuned_rows,
        "learning": window.learning,
    }
    distinctive = _is_distinctive(champion, quality_options)
    leaks = check_leaks(window.comparison, known, champion.schema, distinctive=distinctive)
    if leaks.leaks:
        return WindowCheck(quality, Stop("refused_data", (_tell_leaks(leaks),)), leaks)
    shortage = find_shortage(window, options.min_positives, options.min_negatives)
    return WindowCheck(quality, Stop("insufficient_evidence", (shortage,)) if shortage else Stop(), leaks)


def list_broken_batches(window: Window, ledger: Sequence[LedgerEntry], as_of: date) -> list[str]:
    """Batches since the window begins of which nothing was learned, because they were judged broken."""
    began = [entry.batch_date for entry in ledger if entry.batch_id in window.batches]
    return [
        entry.batch_id
        for entry in ledger
        if (entry.rejected or entry.action == "fix_data") and min(began, default=as_of) <= entry.batch_date <= as_of
    ]


def fit_challenger(
    window: Window,
    check: WindowCheck,
    champion: ChampionPackage,
    candidate: dict[str, Any],
    policy: Parameters,
) -> Challenger:
    """Fit one candidate on the window's learning rows, with or without the champion's training rows.

    With them the learning rows weigh at least ``regime_weight`` of the total, so that a large past does not
    outvote a changed present. Whether the past still helps is told by out-of-fold scores of the learning rows,
    which also choose among candidates and calibrate; the comparison rows are not looked at.
    """
    name = candidate["estimator"]
    if check.stop.verdict is not None:
        return Challenger(name)
    schema, options = champion.schema, policy.retraining
    params = {key: value for key, value in candidate.items() if key != "estimator"}
    unfitted = build_candidate(name, schema, params, policy.seed)
    customers = pd.concat([window.learning[schema.id], window.comparison[schema.id]])
    past = champion.training_rows[~champion.training_rows[schema.id].isin(customers)]
    mixtures = [_mix(past, window.learning, options), _mix(past.iloc[:0], window.learning, options)]
    scored = [_score_recent(unfitted, mixture, schema.id, options.folds, policy.seed) for mixture in mixtures]
    ranked = [measure_roc_auc(rows.labels, rows.scores, options.confidence).value for rows in scored]
    best = int(np.argmax(ranked))
    model = fit_candidate(unfitted, mixtures[best].rows, mixtures[best].labels, mixtures[best].weights)
    compared = ScoredRows(
        np.arange(len(window.comparison)) + len(window.learning),
        window.comparison["label"].to_numpy(float),
        score_rows(model, window.comparison),
    )
    calibration = fit_platt(scored[best].labels, scored[best].scores)
    probabilities = calibration.apply(scored[best].scores)
    threshold = choose_threshold(scored[best].labels, probabilities, policy.operating_point)
    return Challenger(name, model, scored[best], compared, ranked[best], best == 0, calibration, threshold)


def summarize_challenger(challenger: Challenger, options: RetrainingOptions) -> dict[str, Any]:
    """Metrics of one challenger for its nested run; none where the attempt stopped."""
    metrics: dict[str, float] = {}
    if challenger.comparison is not None:
        rows = challenger.comparison
        metrics = {
            "with_past": float(challenger.with_past),
            "out_of_fold_roc_auc": challenger.out_of_fold_roc_auc,
            "comparison_roc_auc": measure_roc_auc(rows.labels, rows.scores, options.confidence).value,
        }
    return {"metrics": metrics, "tags": {"candidate": challenger.name}}


def _is_distinctive(champion: ChampionPackage, options: QualityOptions) -> bool:
    """Whether two rows with equal features are one customer: not in a table that repeats itself by nature."""
    return bool(champion.facts["repeated_share"] <= options.max_repeated_share)


def _tell_leaks(check: LeakCheck) -> str:
    return (
        f"{check.leaks} of {check.rows} rows to compare on are known to champion or challenger, by customer or by "
        f"equal features (such as {', '.join(check.examples)}): find out how they came into the batches."
    )


def _describe(
    batch_id: str, entries: Mapping[str, LedgerEntry], rows: pd.DataFrame, champion: ChampionPackage
) -> ScoredBatch:
    scores = rows["score"].to_numpy(float)
    return ScoredBatch(
        batch_id=batch_id,
        batch_date=entries[batch_id].batch_date,
        threshold=champion.threshold,
        ids=rows[champion.schema.id],
        labels=rows["label"].to_numpy(float),
        scores=scores,
        probabilities=champion.calibration.apply(scores),
        seen=champion.has_seen(rows[champion.schema.id]),
        rows=rows[list(champion.schema.features)],
    )


@dataclass(frozen=True)
class _Mixture:
    """Past and recent rows to learn from, the recent ones last, with labels and weights."""

    rows: pd.DataFrame
    labels: np.ndarray
    weights: np.ndarray
    past: int


def _mix(past: pd.DataFrame, recent: pd.DataFrame, options: RetrainingOptions) -> _Mixture:
    """1 for each past row; for each recent one what gives them ``regime_weight`` of the total, at least 1."""
    rows = pd.concat([past, recent], ignore_index=True) if len(past) else recent.reset_index(drop=True)
    wanted = options.regime_weight / (1.0 - options.regime_weight) * len(past) / len(recent)
    weights = np.concatenate([np.ones(len(past)), np.full(len(recent), max(wanted, 1.0))])
    return _Mixture(rows, rows["label"].to_numpy(float), weights, len(past))


def _score_recent(unfitted: Any, mixture: _Mixture, id_column: str, folds: int, seed: int) -> ScoredRows:
    """Out-of-fold scores of the recent rows, by models fitted on the other folds of the whole mixture."""
    scores = cross_fit_scores(
        lambda: unfitted, mixture.rows, mixture.labels, mixture.weights, mixture.rows[id_column], folds, seed
    )[mixture.past :]
    return ScoredRows(np.arange(len(scores)), mixture.labels[mixture.past :], scores)
