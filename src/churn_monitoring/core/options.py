"""The blocks of the parameters, validated before any node runs.

One model per block of ``parameters.yml``; defaults live only there, so that every number has one place and
one comment. An unknown key is an error: a misspelt threshold must not be ignored.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Probability = Annotated[float, Field(gt=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0)]


class Options(BaseModel):
    """Base of all blocks: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TableSchema(Options):
    """Which column means what; nothing else in the code knows a column name."""

    id: str
    target: str
    positive: str | int | bool
    date: str | None
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The columns the model sees, numbers first."""
        return self.numeric + self.categorical

    @model_validator(mode="after")
    def _roles_do_not_overlap(self) -> "TableSchema":
        named = [self.id, self.target, *self.features, *self.ignored]
        named += [self.date] if self.date else []
        repeated = sorted({name for name in named if named.count(name) > 1})
        if repeated:
            raise ValueError(f"schema names these columns more than once: {', '.join(repeated)}")
        if not self.features:
            raise ValueError("schema names no feature: fill numeric or categorical")
        return self


class EngineOptions(Options):
    """How a batch is read: in chunks, by threads, with a sample for what counts cannot tell."""

    chunk_rows: Annotated[int, Field(ge=1000)]
    threads: Annotated[int, Field(ge=1)] | None
    sample_rows: Annotated[int, Field(ge=1000)]


class MonitoringOptions(Options):
    """Whose verdict acts: the controlled procedure's, or the specification's rules to the letter."""

    mode: Literal["calibrated", "spec"]


class FalseAlarmOptions(Options):
    """What is promised while nothing is wrong, as expected numbers a year."""

    batches_per_year: Positive
    alerts: Positive
    retrainings: Positive


class LabelOptions(Options):
    """When a label counts."""

    maturity_days: Count
    min_coverage: Share
    missing_p_value: Probability
    window_batches: Annotated[int, Field(ge=1)]


class TrainingOptions(Options):
    """How candidates are split, fitted, calibrated and compared."""

    validation_share: Probability
    holdout_share: Probability
    max_training_rows: Annotated[int, Field(ge=100)]
    candidates: dict[str, dict[str, Any]]


class ReferenceOptions(Options):
    """The held-out rows that travel with the champion."""

    min_rows: Count
    max_rows: Annotated[int, Field(ge=100)]
    folds: Annotated[int, Field(ge=2)]
    grid_points: Annotated[int, Field(ge=2)]


class QualityOptions(Options):
    """Limits beyond which a batch is broken rather than changed."""

    min_rows: Count
    max_repeated_share: Share
    max_missing_increase: Share
    missing_z: Positive
    missing_warning_increase: Share
    range_margin: Annotated[float, Field(ge=0.0)]
    max_out_of_range_share: Share
    constant_min_rows: Count
    constant_probability: Probability
    new_category_share: Share
    new_category_rows: Count
    recoded_share: Share
    max_unparseable_share: Share
    dependency_min_r2: Share
    dependency_nats: Positive
    dependency_lost: Positive
    dependency_z: Positive
    dependency_max_drift_share: Share
    dependency_max_rows: Annotated[int, Field(ge=100)]
    dependency_max_columns: Annotated[int, Field(ge=2)]
    returning_min_rows: Count
    returning_usual: Share
    returning_fall: Share
    returning_z: Positive


class DriftOptions(Options):
    """What a change must reach to count as drift."""

    min_rows: Count
    ks_floor: Share
    wasserstein_floor: Annotated[float, Field(ge=0.0)]
    total_variation_floor: Share
    rare_level_share: Share
    alert_p_value: Probability
    prediction_p_value: Probability
    prediction_ks_floor: Share
    psi_bins: Annotated[int, Field(ge=2)]
    domain_rows: Count
    reference_ratio_warning: Positive


class PerformanceOptions(Options):
    """What realized performance must show before it is called low."""

    min_positives: Count
    min_negatives: Count
    confidence: Probability
    low_confidence: Probability
    low_points_of_three: Annotated[int, Field(ge=1, le=3)]
    drop_z: Positive
    drop_floor: Share


class ConceptOptions(Options):
    """Levels of the tests that tell mix, prior and concept apart."""

    p_value: Probability
    repeated_p_value: Probability
    repeat_within: Annotated[int, Field(ge=2)]
    slope_floor: Share
    auc_gap_floor: Share
    local_floor: Share
    local_min_share: Share
    local_bins: Annotated[int, Field(ge=2)]
    rate_p_value: Probability
    rate_floor: Share
    weight_max_features: Annotated[int, Field(ge=1)]


class ProbeOptions(Options):
    """When and on what the question "would retraining help?" is asked."""

    max_batches: Annotated[int, Field(ge=1)]
    min_positives: Count
    p_value: Probability
    folds: Annotated[int, Field(ge=2)]
    max_estimators: Annotated[int, Field(ge=1)]


class OperatingPointOptions(Options):
    """Which customers are contacted: the rule that chooses the threshold on the calibrated probability."""

    rule: Literal["f1", "recall", "capacity", "value"]
    recall: Probability
    capacity: Probability
    offer_cost: Positive
    saved_value: Positive
    uptake: Probability

    @model_validator(mode="after")
    def _an_offer_can_pay(self) -> "OperatingPointOptions":
        if self.rule == "value" and self.offer_cost >= self.uptake * self.saved_value:
            raise ValueError(
                f"operating_point.offer_cost {self.offer_cost:g} is no less than uptake * saved_value "
                f"{self.uptake * self.saved_value:g}: an offer would not pay even for a customer who surely leaves"
            )
        return self


class GuardrailOptions(Options):
    """What a challenger must not lose, however much it gains elsewhere."""

    p_value: Probability
    average_precision_margin: Share
    brier_margin: Share
    recall_margin: Share
    segment_margin: Share


class ProbationOptions(Options):
    """How long and how strictly a newly promoted champion is watched."""

    enabled: bool
    batches: Annotated[int, Field(ge=1)]
    p_value: Probability
    floor: Share


class RecalibrationOptions(Options):
    """When scores are recalibrated without retraining."""

    enabled: bool
    min_positives: Count
    min_negatives: Count
    folds: Annotated[int, Field(ge=2)]
    p_value: Probability


class RetrainingOptions(Options):
    """Which rows an attempt learns from and is judged on."""

    comparison_share: Probability
    regime_weight: Probability
    folds: Annotated[int, Field(ge=2)]
    min_positives: Count
    min_negatives: Count
    confidence: Probability


class ReportingOptions(Options):
    """How much of a wide table is shown and logged; the JSON report holds everything."""

    top_features: Annotated[int, Field(ge=1)]
    listed_features: Annotated[int, Field(ge=1)]
    listed_findings: Annotated[int, Field(ge=1)]
    logged_features: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _the_top_is_listed(self) -> "ReportingOptions":
        if self.top_features > self.listed_features:
            raise ValueError(
                f"reporting.top_features {self.top_features} is more than listed_features {self.listed_features}: "
                "raise the latter, or lower the former"
            )
        return self


class Change(Options):
    """One thing that happens to the simulated business from one week on.

    ``strength`` is how much of the change, or the share of rows, customers or churners it strikes; with
    ``ramp_weeks`` it grows to that in so many equal weekly steps. ``columns`` is for the kinds that strike
    several columns together, ``weeks_late`` for those that hold labels back.
    """

    kind: Literal[
        "covariate_shift",
        "label_shift",
        "season",
        "new_region",
        "concept_drift",
        "local_concept_drift",
        "nudge",
        "broken_column",
        "stuck_column",
        "missing_burst",
        "decimal_comma",
        "recoded_category",
        "permuted_category",
        "new_category",
        "joined_columns",
        "swapped_columns",
        "duplicates",
        "wrong_delimiter",
        "unrecorded_churners",
        "immature_labels",
    ]
    from_week: Annotated[int, Field(ge=1)]
    to_week: Annotated[int, Field(ge=1)] | None = None
    ramp_weeks: Annotated[int, Field(ge=1)] | None = None
    column: str | None = None
    columns: tuple[str, ...] = ()
    strength: Share = 1.0
    weeks_late: Annotated[int, Field(ge=1)] = 4

    @model_validator(mode="before")
    @classmethod
    def _half_of_the_rows_are_of_a_new_region(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and values.get("kind") == "new_region":
            return {"strength": 0.5, **values}
        return values


class SimulationOptions(Options):
    """Where simulated batches come from and what happens to them."""

    source: Literal["world", "replay"]
    table: str
    seed: Seed
    start: date
    weeks: Annotated[int, Field(ge=1)]
    batch_rows: Annotated[int, Field(ge=1)]
    label_delay_weeks: Count
    customers: Annotated[int, Field(ge=100)]
    past_weeks: Annotated[int, Field(ge=1)]
    reference_share: Probability
    returning_share: Share
    twins: bool
    scenario: str
    scenarios: dict[str, tuple[Change, ...]]

    @property
    def timeline(self) -> tuple[Change, ...]:
        """The changes of the chosen scenario."""
        return self.scenarios[self.scenario]

    @model_validator(mode="after")
    def _scenario_exists(self) -> "SimulationOptions":
        if self.scenario not in self.scenarios:
            known = ", ".join(sorted(self.scenarios))
            raise ValueError(f"simulation.scenario '{self.scenario}' is not one of: {known}")
        return self

    @model_validator(mode="after")
    def _twins_do_not_return(self) -> "SimulationOptions":
        if self.twins and self.returning_share > 0:
            raise ValueError("simulation.twins gives every row an id of its own: set returning_share to 0")
        return self
