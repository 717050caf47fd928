"""Nodes of the training pipeline.

Topology:
    select_customers -> split_customers -> per candidate: fit_on_train -> evaluate_candidate -> summarize_candidate
                                           choose_candidate -> build_champion -> summarize_training
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import DataError, PerformanceTooLow
from churn_monitoring.core.options import SimulationOptions, TableSchema, TrainingOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Estimate
from churn_monitoring.learning.candidate import Candidate, ScoredRows
from churn_monitoring.learning.cross_fit import cross_fit_scores
from churn_monitoring.learning.fingerprint import tell_fingerprints
from churn_monitoring.learning.importance import measure_importance
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.learning.reference import assemble_reference
from churn_monitoring.learning.scorer import Scorer
from churn_monitoring.learning.split import Split, split_rows
from churn_monitoring.performance.calibration import fit_platt
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.operating_point import choose_threshold, tell_operating_point
from churn_monitoring.quality.dependency import fit_dependencies
from churn_monitoring.reporting.curves import draw_calibration_curve, draw_roc_curve
from churn_monitoring.simulation.replay import Replay
from churn_monitoring.tables import coerce_rows, explain_missing_columns, missing_columns, read_labels


@dataclass(frozen=True)
class LabelledTable:
    """Coerced rows with their labels; the share of unreadable values per numeric column; what was left out before."""

    rows: pd.DataFrame
    labels: np.ndarray
    unparseable: dict[str, float]
    as_of: date
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingOutcome:
    """What a person wants to hear of a training."""

    candidate: str
    roc_auc: Estimate
    reference_rows: int


def select_customers(
    customers: pd.DataFrame,
    deliveries: Mapping[str, Any],
    manifests: Mapping[str, Callable[[], Any]],
    schema: TableSchema,
    simulation: SimulationOptions,
) -> pd.DataFrame:
    """The raw rows to train on: all, but for those that replay delivers as production batches.

    Replay takes the same rows whether it runs before training or after; once a person's own batches are in
    the production folder it is out of the game, and every row trains.
    """
    replayed = set(manifests["manifest"]()["batches"]) if "manifest" in manifests else set()
    if simulation.source != "replay" or set(deliveries) - replayed:
        return customers
    kept = Replay(schema, simulation, customers).customers
    logging.getLogger(__name__).info(
        "Training on %d of %d rows; replay delivers the others as batches (simulation.reference_share).",
        len(kept),
        len(customers),
    )
    return kept


def read_customers(customers: pd.DataFrame, schema: TableSchema, as_of: str | None, file: str) -> LabelledTable:
    """Coerce the training table, delivered as ``file``; rows without a label are left out.

    Raises:
        DataError: a column of the schema is missing, there are no rows, or labels of one class only.
    """
    missing = missing_columns(customers, schema, with_target=True)
    if missing:
        raise DataError(
            f"{file} {explain_missing_columns(customers, missing)}: put the whole table there, or name its own "
            "columns under schema: in parameters.yml."
        )
    if customers.empty:
        raise DataError(f"{file} has a header and no rows: put customers with known outcomes there.")
    coerced = coerce_rows(customers.reset_index(drop=True), schema)
    labels = read_labels(coerced.rows[schema.target], schema)
    known = labels.notna()
    if labels[known].nunique() < 2:
        raise DataError(
            f"Column {schema.target} of {file} holds one class only, with '{schema.positive}' meaning left: "
            "check schema.target and schema.positive."
        )
    rows = coerced.rows[known].reset_index(drop=True)
    unparseable = {name: count / len(customers) for name, count in coerced.unparseable.items()}
    notes = tuple(customers.attrs.get("notes", ()))  # of the dataset, where it loaded a part of the table
    return LabelledTable(rows, labels[known].to_numpy(float), unparseable, _find_date(rows, schema, as_of), notes)


def split_customers(table: LabelledTable, schema: TableSchema, options: TrainingOptions, seed: int) -> Split:
    """Train, validation and holdout positions."""
    return split_rows(table.rows, table.labels, schema, options, seed)


def fit_on_train(table: LabelledTable, split: Split, schema: TableSchema, candidate: dict[str, Any], seed: int) -> Any:
    """One candidate fitted on the train rows alone."""
    unfitted = _build(candidate, schema, seed)
    return fit_candidate(unfitted, table.rows.iloc[split.train], table.labels[split.train])


def evaluate_candidate(
    model: Any,
    table: LabelledTable,
    split: Split,
    candidate: dict[str, Any],
    policy: Parameters,
) -> Candidate:
    """Calibrate and choose the threshold on validation; measure on validation and holdout."""
    validation = _score(model, table, split.validation)
    holdout = _score(model, table, split.holdout)
    calibration = fit_platt(validation.labels, validation.scores)
    probabilities = calibration.apply(validation.scores)
    threshold = choose_threshold(validation.labels, probabilities, policy.operating_point)
    performance = {
        side: measure_performance(
            rows.labels, rows.scores, calibration.apply(rows.scores), threshold, policy.performance
        )
        for side, rows in (("validation", validation), ("holdout", holdout))
    }
    return Candidate(candidate["estimator"], model, calibration, threshold, validation, holdout, performance)


def summarize_candidate(candidate: Candidate) -> dict[str, Any]:
    """Metrics and curves of one candidate, for its nested run."""
    holdout = candidate.holdout
    probabilities = candidate.calibration.apply(holdout.scores)
    metrics = {
        f"{side}_{name}": value
        for side, performance in candidate.performance.items()
        if performance is not None
        for name, value in flatten_performance(asdict(performance)).items()
    }
    title = f"{candidate.name}, holdout"
    artifacts = {
        "roc_curve.png": draw_roc_curve(holdout.labels, holdout.scores, title=title),
        "calibration_curve.png": draw_calibration_curve(holdout.labels, probabilities, title=title),
    }
    return {"metrics": metrics, "tags": {"candidate": candidate.name}, "artifacts": artifacts}


def choose_candidate(first: Candidate, second: Candidate, performance_threshold: float) -> Candidate:
    """The better on validation, if it reaches the threshold on the holdout.

    Raises:
        PerformanceTooLow: it does not; nothing is put in service.
        DataError: there are too few labels to tell.
    """
    chosen = max(first, second, key=_validation_roc_auc)
    holdout = chosen.performance["holdout"]
    if holdout is None:
        raise DataError(
            "The holdout has too few rows of one class to measure a candidate: give training more labelled rows."
        )
    if holdout.roc_auc.value < performance_threshold:
        raise PerformanceTooLow(
            f"The better candidate ({chosen.name}) reaches a holdout ROC-AUC of {holdout.roc_auc.value:.3f}, below "
            f"performance_threshold {performance_threshold}: nothing was put in service. Give it better features "
            "or more rows, or lower the threshold in parameters.yml."
        )
    return chosen


def build_champion(chosen: Candidate, table: LabelledTable, split: Split, policy: Parameters) -> ChampionPackage:
    """The chosen candidate with its held-out reference, ready to be registered.

    Where holdout and validation are fewer than ``reference.min_rows``, the train rows join with out-of-fold
    scores of the same candidate.
    """
    schema = policy.table
    parts = {"holdout": chosen.holdout, "validation": chosen.validation}
    if len(split.holdout) + len(split.validation) < policy.reference.min_rows:
        parts["out_of_fold"] = _score_out_of_fold(
            policy.training.candidates[chosen.name], table, split, schema, policy.reference.folds, policy.seed
        )
    assembled = assemble_reference(table.rows, parts, chosen.calibration, schema, policy.reference, policy.seed)
    holdout = chosen.performance["holdout"]
    importance = measure_importance(
        Scorer(chosen.model), table.rows.iloc[split.holdout], table.labels[split.holdout], policy.seed
    )
    training_rows = table.rows.iloc[split.train].assign(label=table.labels[split.train])
    return ChampionPackage(
        model=chosen.model,
        candidate=chosen.name,
        schema=schema,
        profile=assembled.profile,
        reference=assembled.rows,
        reference_features=assembled.features,
        calibration=chosen.calibration,
        threshold=chosen.threshold,
        metrics={
            "holdout": asdict(holdout) if holdout else None,
            "reference": assembled.measure(chosen.threshold, policy.performance),
        },
        facts={
            "by": "training",
            "as_of": table.as_of.isoformat(),
            "training_rows": len(split.train),
            "reference_rows": len(assembled.rows),
            "repeated_share": assembled.repeated_share,
            "unparseable": table.unparseable,
            "operating_point": tell_operating_point(policy.operating_point),
            "importance": importance,
            "notes": [*table.notes, *split.notes],
            **tell_fingerprints(training_rows, assembled, policy),
        },
        dependencies=fit_dependencies(assembled.with_ids(schema.id), schema, importance, policy.quality, policy.seed),
        training_rows=training_rows,
        calibration_rows=table.rows.iloc[split.validation][[schema.id, *schema.features]].reset_index(drop=True),
    )


def summarize_training(champion: ChampionPackage, model_name: str) -> tuple[dict[str, Any], TrainingOutcome]:
    """Facts for the parent run, and what the command line prints."""
    metrics = {
        f"{part}_{name}": value
        for part, performance in champion.metrics.items()
        for name, value in flatten_performance(performance).items()
    }
    tags = {
        "model_name": model_name,
        "kind": "training",
        "champion": champion.candidate,
        "as_of": champion.facts["as_of"],
        "version_before": champion.replaces,
        "version_after": champion.version,
    }
    outcome = TrainingOutcome(
        champion.candidate, Estimate(**champion.metrics["holdout"]["roc_auc"]), len(champion.reference)
    )
    return {"metrics": metrics, "tags": tags}, outcome


def flatten_performance(performance: Mapping[str, Any]) -> dict[str, float]:
    """One number per metric; the interval of ROC-AUC as two more.

    >>> flatten_performance({"roc_auc": {"value": 0.8, "low": 0.7, "high": 0.9}, "f1": 0.5})
    {'roc_auc': 0.8, 'roc_auc_low': 0.7, 'roc_auc_high': 0.9, 'f1': 0.5}
    """
    roc_auc = performance["roc_auc"]
    others = {name: value for name, value in performance.items() if name != "roc_auc"}
    return {
        "roc_auc": roc_auc["value"],
        "roc_auc_low": roc_auc["low"],
        "roc_auc_high": roc_auc["high"],
        **others,
    }


def _build(candidate: Mapping[str, Any], schema: TableSchema, seed: int) -> Any:
    params = {name: value for name, value in candidate.items() if name != "estimator"}
    return build_candidate(candidate["estimator"], schema, params, seed)


def _score(model: Any, table: LabelledTable, positions: np.ndarray) -> ScoredRows:
    return ScoredRows(positions, table.labels[positions], score_rows(model, table.rows.iloc[positions]))


def _score_out_of_fold(
    candidate: Mapping[str, Any],
    table: LabelledTable,
    split: Split,
    schema: TableSchema,
    folds: int,
    seed: int,
) -> ScoredRows:
    rows, labels = table.rows.iloc[split.train], table.labels[split.train]
    scores = cross_fit_scores(lambda: _build(candidate, schema, seed), rows, labels, None, rows[schema.id], folds, seed)
    return ScoredRows(split.train, labels, scores)


def _validation_roc_auc(candidate: Candidate) -> float:
    validation = candidate.performance["validation"]
    return validation.roc_auc.value if validation else 0.0


def _find_date(rows: pd.DataFrame, schema: TableSchema, as_of: str | None) -> date:
    if as_of is not None:
        return date.fromisoformat(str(as_of))
    if schema.date is not None and rows[schema.date].notna().any():
        newest: date = rows[schema.date].max().date()
        return newest
    return datetime.now(tz=UTC).date()
