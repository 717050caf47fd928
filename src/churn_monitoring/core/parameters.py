"""All of the parameters as one record: what the user edits, and what judges."""

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from churn_monitoring.core.alert_options import AlertOptions, DeliveryOptions
from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import (
    ConceptOptions,
    Count,
    DriftOptions,
    EngineOptions,
    FalseAlarmOptions,
    GuardrailOptions,
    LabelOptions,
    MonitoringOptions,
    OperatingPointOptions,
    Options,
    PerformanceOptions,
    Probability,
    ProbationOptions,
    ProbeOptions,
    QualityOptions,
    RecalibrationOptions,
    ReferenceOptions,
    ReportingOptions,
    RetrainingOptions,
    Seed,
    Share,
    SimulationOptions,
    TableSchema,
    TrainingOptions,
)

SECRET = ("alerts", "channels")  # where a person may have put an address by mistake, which is not to be repeated


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
    retraining_cooldown_max_days: Count
    min_improvement: Share
    table: TableSchema = Field(alias="schema")
    segments: tuple[str, ...]
    engine: EngineOptions
    monitoring: MonitoringOptions
    false_alarms_per_year: FalseAlarmOptions
    labels: LabelOptions
    training: TrainingOptions
    reference: ReferenceOptions
    quality: QualityOptions
    drift: DriftOptions
    performance: PerformanceOptions
    concept: ConceptOptions
    probe: ProbeOptions
    operating_point: OperatingPointOptions
    retraining: RetrainingOptions
    guardrails: GuardrailOptions
    probation: ProbationOptions
    recalibration: RecalibrationOptions
    reporting: ReportingOptions
    deliveries: DeliveryOptions
    alerts: AlertOptions
    simulation: SimulationOptions


def read_parameters(values: Mapping[str, Any]) -> Parameters:
    """All parameters as one record, whichever of them a pipeline uses.

    Raises:
        ConfigurationError: naming every parameter that is unknown, missing or out of its range.
    """
    try:
        return Parameters.model_validate(dict(values))
    except ValidationError as error:
        known = _list_names(Parameters)
        wrong = "; ".join(_tell(problem, known) for problem in error.errors())
        raise ConfigurationError(f"Parameters in conf or --params are not valid: {wrong}.") from error


def _tell(problem: Any, known: Sequence[str]) -> str:
    name = ".".join(map(str, problem["loc"]))
    if problem["loc"][:2] == SECRET:
        return f"{name} is not valid ({problem['type'].replace('_', ' ')})"
    if problem["type"] != "extra_forbidden":
        message = problem["msg"].removeprefix("Value error, ")
        if not name or message.startswith(name):
            return str(message)
        # Of a whole block only what is wrong is told.
        given = "" if isinstance(problem["input"], Mapping) else f" (it is {problem['input']!r})"
        return f"{name}: {message}{given}"
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
