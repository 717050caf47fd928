"""The parameters, validated before any node runs.

One model per block of ``parameters.yml``; defaults live only there, so that every number has one place and
one comment. An unknown key is an error: a misspelt threshold must not be ignored.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from churn_monitoring.core.errors import ConfigurationError

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


class LabelOptions(Options):
    """When a label counts."""

    maturity_days: Count
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
    reference_ratio_warning: Positive


class PerformanceOptions(Options):
    """What realized performance must show before it is called low."""

    min_positives: Count
    min_negatives: Count
    confidence: Probability
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
    rate_floor: Share


class RetrainingOptions(Options):
    """Which rows an attempt learns from and is judged on."""

    comparison_share: Probability
    regime_weight: Probability
    folds: Annotated[int, Field(ge=2)]
    min_positives: Count
    min_negatives: Count
    confidence: Probability


class Change(Options):
    """One thing that happens to the simulated business from one week on."""

    kind: Literal[
        "covariate_shift",
        "label_shift",
        "concept_drift",
        "broken_column",
        "missing_burst",
        "recoded_category",
        "new_category",
        "duplicates",
    ]
    from_week: Annotated[int, Field(ge=1)]
    to_week: Annotated[int, Field(ge=1)] | None = None
    column: str | None = None
    strength: Share = 1.0


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
    reference_share: Probability
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


class Parameters(Options):
    """All of ``parameters.yml`` with what ``--params`` changed of it."""

    batch: Any
    as_of: date | None
    model_name: str
    customers: str
    seed: Seed
    performance_threshold: Share
    drift_threshold: Probability
    drift_share_threshold: Share
    retraining_cooldown_days: Count
    min_improvement: Share
    table: TableSchema = Field(alias="schema")
    labels: LabelOptions
    training: TrainingOptions
    reference: ReferenceOptions
    quality: QualityOptions
    drift: DriftOptions
    performance: PerformanceOptions
    concept: ConceptOptions
    retraining: RetrainingOptions
    simulation: SimulationOptions


def check_parameters(values: Mapping[str, Any]) -> None:
    """Hold all parameters against :class:`Parameters`, whichever of them a pipeline uses.

    Raises:
        ConfigurationError: naming every parameter that is unknown, missing or out of its range.
    """
    try:
        Parameters.model_validate(dict(values))
    except ValidationError as error:
        known = _list_names(Parameters)
        wrong = "; ".join(_tell(problem, known) for problem in error.errors())
        raise ConfigurationError(f"Parameters in conf or --params are not valid: {wrong}.") from error


def _tell(problem: Any, known: Sequence[str]) -> str:
    name = ".".join(map(str, problem["loc"]))
    if problem["type"] != "extra_forbidden":
        return f"{name}: {problem['msg']} (it is {problem['input']!r})" if name else str(problem["msg"])
    close = get_close_matches(name, known, n=1)
    return f"{name} is not known" + (f" ({close[0]} is)" if close else "")


def _list_names(model: type[BaseModel], prefix: str = "") -> list[str]:
    names: list[str] = []
    for name, info in model.model_fields.items():
        path = prefix + (info.alias or name)
        inner = info.annotation
        nested = isinstance(inner, type) and issubclass(inner, BaseModel)
        names += [path, *(_list_names(inner, f"{path}.") if nested else [])]  # type: ignore[arg-type]
    return names
