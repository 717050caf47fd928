"""Nodes of the retraining pipeline.

Topology:
    choose_as_of -> gather_window_batches -> find_window -> check_window
    per candidate: challenge (cross-fit on the learning rows, fit, score the comparison rows) -> summarize_challenger
    compare_with_champion -> build_promotion -> (the registry) -> summarize_attempt

An attempt that cannot be made (broken data, too few labels) goes through as a stopped one, because it too is
written down.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.levels import share_out
from churn_monitoring.core.options import LabelOptions, QualityOptions, RetrainingOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import LedgerEntry, Quality, Verdict
from churn_monitoring.learning.candidate import ScoredRows
from churn_monitoring.learning.cross_fit import cross_fit_scores
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.learning.window import Window, find_shortage, split_window
from churn_monitoring.performance.labelled import JudgedAgainst, ScoredBatch, measure_labelled
from churn_monitoring.performance.labels import gather_labels, is_mature, join_labels
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.performance.verdict import find_regime
from churn_monitoring.profiling import profile_rows
from churn_monitoring.quality import BatchFacts, RepeatedRows, count_repeated_rows, measure_quality
from churn_monitoring.tables import coerce_rows, fingerprint_rows, read_labels


@dataclass(frozen=True)
class Stop:
    """Why an attempt ends before anything is trained; empty when it goes on."""

    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class WindowCheck:
    """Data quality of the window, and whether the attempt stops here."""

    quality: Quality
    stop: Stop


@dataclass(frozen=True)
class Challenger:
    """A candidate fitted for an attempt; ``model`` is None where the attempt stopped before.

    ``learning`` are its out-of-fold scores on the window's learning rows, ``comparison`` its scores on the
    rows kept from it; positions point into learning and comparison rows, one after the other. ``with_past``
    says whether the champion's training rows were learned from again.
    """

    name: str
    model: Any = None
    learning: ScoredRows | None = None
    comparison: ScoredRows | None = None
    out_of_fold_roc_auc: float = 0.0
    with_past: bool = True


def choose_as_of(ledger: Sequence[LedgerEntry], as_of: str | None) -> date:
    """The day of the attempt: given, else that of the newest judgement, else today."""
    if as_of is not None:
        return date.fromisoformat(str(as_of))
    return max((entry.as_of for entry in ledger), default=datetime.now(tz=UTC).date())


def gather_window_batches(
    ledger: Sequence[LedgerEntry],
    deliveries: Mapping[str, Any],
    label_files: Mapping[str, Callable[[], pd.DataFrame]],
    champion: ChampionPackage,
    as_of: date,
    options: LabelOptions,
) -> dict[str, pd.DataFrame]:
    """Labelled rows of the newest matured batches the champion scored, with ``label`` and ``score``, oldest first.

    Batches judged broken are left out, as are files that are no longer there or can no longer be read.
    """
    labels = gather_labels(label_files, champion.schema, as_of)
    ids = [
        entry.batch_id
        for entry in ledger
        if not entry.rejected
        and entry.action != "fix_data"
        and entry.model_version == champion.version
        and entry.batch_date <= as_of
        and entry.batch_id in deliveries
        and is_mature(entry.batch_date, as_of, options.maturity_days)
    ]
    gathered: dict[str, pd.DataFrame] = {}
    for batch_id in reversed(ids):
        rows = _read_rows(deliveries[batch_id], champion)
        if rows is None:
            continue
        known = join_labels(rows[champion.schema.id], rows["label"], batch_id, labels)
        labelled = rows.assign(label=known)[known.notna()].reset_index(drop=True)
        if len(labelled):
            gathered[batch_id] = labelled.assign(score=champion.score(labelled))
        if len(gathered) == options.window_batches:
            break
    return dict(reversed(gathered.items()))


def find_window(
    batches: Mapping[str, pd.DataFrame],
    ledger: Sequence[LedgerEntry],
    champion: ChampionPackage,
    policy: Parameters,
) -> Window:
    """The current regime's rows, divided into those to learn from and those to compare on.

    The regime is told by concept drift; where there is none (a person asked, or the probe), by the batches that were
    judged other than ``none``, if the newest is one of them.
    """
    entries = {entry.batch_id: entry for entry in ledger}
    against = JudgedAgainst(champion.reference_scores, champion.labelled_reference, lambda _rows: None)
    evidence = [
        measure_labelled(_describe(batch_id, entries, rows, champion), against, policy, with_tests=True)
        for batch_id, rows in batches.items()
    ]
    measured = [item for item in evidence if item.performance is not None]
    levels = share_out(policy)
    first = find_regime(measured, (levels.concept, levels.concept_repeated), policy.concept) or _find_changed(
        list(batches), entries
    )
    start = list(batches).index(first) if first else 0
    chosen = dict(list(batches.items())[start:])
    seen = champion.training_rows[champion.schema.id]
    return split_window(chosen, champion.schema, seen, policy.retraining.comparison_share, policy.seed)


def check_window(
    window: Window, champion: ChampionPackage, quality_options: QualityOptions, options: RetrainingOptions
) -> WindowCheck:
    """Refuse broken data first, then too little of it."""
    rows = pd.concat([window.learning, window.comparison], ignore_index=True)
    if rows.empty:
        reason = (
            "No labelled batch of the champion in service has matured yet: monitor batches and wait for their labels."
        )
        return WindowCheck(Quality("ok"), Stop("insufficient_evidence", (reason,)))
    features = champion.schema.features
    facts = BatchFacts(
        reference_unparseable=champion.facts["unparseable"],
        repeated=RepeatedRows(
            rows=count_repeated_rows(fingerprint_rows(rows, features)),
            reference_share=champion.facts["repeated_share"],
        ),
    )
    quality = measure_quality(champion.profile, profile_rows(rows, champion.profile), facts, quality_options)
    if quality.status == "failed":
        messages = tuple(finding.message for finding in quality.findings if finding.severity == "failed")
        return WindowCheck(quality, Stop("refused_data", messages))
    shortage = find_shortage(window, options.min_positives, options.min_negatives)
    return WindowCheck(quality, Stop("insufficient_evidence", (shortage,)) if shortage else Stop())


def fit_challenger(
    window: Window,
    check: WindowCheck,
    champion: ChampionPackage,
    candidate: dict[str, Any],
    options: RetrainingOptions,
    seed: int,
) -> Challenger:
    """Fit one candidate on the window's learning rows, with or without the champion's training rows.

    With them the learning rows weigh at least ``regime_weight`` of the total, so that a large past does not
    outvote a changed present. Whether the past still helps is told by out-of-fold scores of the learning rows,
    which also choose among candidates and calibrate; the comparison rows are not looked at.
    """
    name = candidate["estimator"]
    if check.stop.verdict is not None:
        return Challenger(name)
    schema = champion.schema
    params = {key: value for key, value in candidate.items() if key != "estimator"}
    unfitted = build_candidate(name, schema, params, seed)
    customers = pd.concat([window.learning[schema.id], window.comparison[schema.id]])
    past = champion.training_rows[~champion.training_rows[schema.id].isin(customers)]
    mixtures = [_mix(past, window.learning, options), _mix(past.iloc[:0], window.learning, options)]
    scored = [_score_recent(unfitted, mixture, schema.id, options.folds, seed) for mixture in mixtures]
    ranked = [measure_roc_auc(rows.labels, rows.scores, options.confidence).value for rows in scored]
    best = int(np.argmax(ranked))
    model = fit_candidate(unfitted, mixtures[best].rows, mixtures[best].labels, mixtures[best].weights)
    compared = ScoredRows(
        np.arange(len(window.comparison)) + len(window.learning),
        window.comparison["label"].to_numpy(float),
        score_rows(model, window.comparison),
    )
    return Challenger(name, model, scored[best], compared, ranked[best], with_past=best == 0)


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


def _find_changed(batches: Sequence[str], entries: Mapping[str, LedgerEntry]) -> str | None:
    """The oldest of the newest batches in a row that were judged other than ``none``."""
    changed = list(itertools.takewhile(lambda name: entries[name].action != "none", reversed(batches)))
    return changed[-1] if changed else None


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


def _read_rows(delivery: Any, champion: ChampionPackage) -> pd.DataFrame | None:
    schema = champion.schema
    try:
        rows = coerce_rows(delivery.load().reset_index(drop=True), schema).rows
    except DataError:
        return None
    labelled = schema.target in rows
    own = read_labels(rows[schema.target], schema) if labelled else pd.Series(np.nan, index=rows.index)
    return rows.drop(columns=[schema.target], errors="ignore").assign(label=own)


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
