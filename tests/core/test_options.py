"""The parameters: what the files say is accepted, what a person may mistype is not."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from churn_monitoring.core import alert_options, options, parameters
from churn_monitoring.core.errors import ConfigurationError

CONF = Path(__file__).parents[2] / "conf"
BASE = yaml.safe_load((CONF / "base" / "parameters.yml").read_text(encoding="utf-8"))
BLOCKS: dict[str, type[options.Options]] = {
    "schema": options.TableSchema,
    "monitoring": options.MonitoringOptions,
    "false_alarms_per_year": options.FalseAlarmOptions,
    "labels": options.LabelOptions,
    "training": options.TrainingOptions,
    "reference": options.ReferenceOptions,
    "quality": options.QualityOptions,
    "drift": options.DriftOptions,
    "performance": options.PerformanceOptions,
    "concept": options.ConceptOptions,
    "probe": options.ProbeOptions,
    "operating_point": options.OperatingPointOptions,
    "retraining": options.RetrainingOptions,
    "guardrails": options.GuardrailOptions,
    "probation": options.ProbationOptions,
    "recalibration": options.RecalibrationOptions,
    "reporting": options.ReportingOptions,
    "deliveries": alert_options.DeliveryOptions,
    "alerts": alert_options.AlertOptions,
    "simulation": options.SimulationOptions,
}
KEYS = [(block, key) for block in BLOCKS for key in BASE[block]]
OUT_OF_RANGE = [
    ("labels", "maturity_days", -1),
    ("labels", "window_batches", 0),
    ("labels", "missing_p_value", 0.0),
    ("monitoring", "mode", "both"),
    ("false_alarms_per_year", "batches_per_year", 0.0),
    ("false_alarms_per_year", "retrainings", -0.1),
    ("training", "holdout_share", 0.0),
    ("training", "validation_share", 1.0),
    ("training", "max_training_rows", 99),
    ("reference", "folds", 1),
    ("reference", "grid_points", 1),
    ("quality", "max_missing_increase", 1.01),
    ("quality", "missing_z", 0.0),
    ("quality", "range_margin", -0.1),
    ("quality", "constant_probability", 0.0),
    ("quality", "returning_fall", 1.1),
    ("quality", "dependency_nats", 0.0),
    ("drift", "alert_p_value", 0.0),
    ("deliveries", "size_factor", 1.0),
    ("deliveries", "overdue_factor", 0.5),
    ("deliveries", "usual_batches", 1),
    ("deliveries", "future_days", -1),
    ("alerts", "reminder_days", 0),
    ("alerts", "quiet_batches", 0),
    ("alerts", "timeout_seconds", 0.0),
    ("drift", "wasserstein_floor", -0.1),
    ("drift", "psi_bins", 1),
    ("performance", "confidence", 1.0),
    ("performance", "low_points_of_three", 4),
    ("performance", "drop_z", -3.0),
    ("concept", "p_value", 1.0),
    ("concept", "repeat_within", 1),
    ("concept", "local_bins", 1),
    ("probe", "folds", 1),
    ("operating_point", "rule", "accuracy"),
    ("operating_point", "uptake", 0.0),
    ("guardrails", "p_value", 0.0),
    ("probation", "batches", 0),
    ("recalibration", "p_value", 1.0),
    ("recalibration", "folds", 1),
    ("probe", "max_batches", 0),
    ("retraining", "comparison_share", 1.0),
    ("retraining", "min_positives", 2.5),
    ("simulation", "seed", -1),
    ("simulation", "weeks", 0),
    ("simulation", "customers", 99),
    ("simulation", "start", "5 January"),
    ("simulation", "past_weeks", 0),
    ("simulation", "returning_share", 1.1),
]


def read_schema(**changes: Any) -> options.TableSchema:
    return options.TableSchema(**(BASE["schema"] | changes))


@pytest.mark.parametrize("block", BLOCKS)
def test_the_base_parameters_are_valid(block: str) -> None:
    read = BLOCKS[block](**BASE[block])
    assert set(BLOCKS[block].model_fields) == set(BASE[block])
    assert BLOCKS[block](**read.model_dump()) == read


@pytest.mark.parametrize("environment", ["telco", "bank"])
@pytest.mark.parametrize("block", ["schema", "simulation"])
def test_each_environment_gives_a_valid_block_over_the_base(environment: str, block: str) -> None:
    path = CONF / environment / "parameters.yml"
    changed = yaml.safe_load(path.read_text(encoding="utf-8"))[block]
    changed.pop("scenarios", None)
    BLOCKS[block](**(BASE[block] | changed))


@pytest.mark.parametrize(("block", "key"), KEYS)
def test_no_parameter_has_a_default_in_the_code(block: str, key: str) -> None:
    shortened = {name: value for name, value in BASE[block].items() if name != key}
    with pytest.raises(ValidationError, match=key):
        BLOCKS[block](**shortened)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_misspelt_key_is_an_error_that_names_it(block: str) -> None:
    with pytest.raises(ValidationError, match="tresholt"):
        BLOCKS[block](**(BASE[block] | {"tresholt": 0.5}))


@pytest.mark.parametrize("block", BLOCKS)
def test_options_cannot_be_changed_once_read(block: str) -> None:
    read, key = BLOCKS[block](**BASE[block]), next(iter(BASE[block]))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(read, key, BASE[block][key])


@pytest.mark.parametrize(("block", "key", "value"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_an_error_that_names_its_key(block: str, key: str, value: object) -> None:
    with pytest.raises(ValidationError, match=key):
        BLOCKS[block](**(BASE[block] | {key: value}))


def test_all_the_base_parameters_are_one_valid_record() -> None:
    read = parameters.read_parameters(BASE)
    assert read.table == read_schema()
    assert read.performance_threshold == BASE["performance_threshold"]
    assert set(parameters.Parameters.model_fields) == {"table" if name == "schema" else name for name in BASE}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"drift_treshold": 0.1}, r"drift_treshold is not known \(drift_threshold is\)"),
        ({"probe": BASE["probe"] | {"fold": 3}}, r"probe.fold is not known \(probe.folds is\)"),
        ({"performance_threshold": 2}, r"performance_threshold: .* \(it is 2\)"),
        ({"monitoring": {"mode": "strict"}}, r"monitoring.mode: .*'calibrated' or 'spec' \(it is 'strict'\)"),
        (
            {"simulation": BASE["simulation"] | {"scenario": "wild"}},
            "not valid: simulation.scenario 'wild' is not one of: concept_drift, quiet, year.$",
        ),
    ],
)
def test_every_wrong_parameter_is_told_with_the_name_it_should_have(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        parameters.read_parameters(BASE | changes)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_share_is_from_zero_to_one_and_never_nan(value: float) -> None:
    share = TypeAdapter(options.Share)
    if 0.0 <= value <= 1.0:
        assert share.validate_python(value) == value
    else:
        with pytest.raises(ValidationError):
            share.validate_python(value)


def test_features_are_the_numbers_and_then_the_categories() -> None:
    schema = read_schema(numeric=["b", "a"], categorical=["z", "c"])
    assert schema.features == ("b", "a", "z", "c")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"numeric": ["age", "age"]}, "age"),
        ({"numeric": ["age"], "categorical": ["age"]}, "age"),
        ({"target": "customer_id"}, "customer_id"),
        ({"date": "age"}, "age"),
        ({"ignored": ["churned"]}, "churned"),
    ],
)
def test_a_column_has_one_role(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=f"more than once: {named}"):
        read_schema(**changes)


def test_a_schema_without_a_date_is_fine_and_one_without_features_is_not() -> None:
    assert read_schema(date=None).date is None
    with pytest.raises(ValidationError, match="fill numeric or categorical"):
        read_schema(numeric=[], categorical=[])


@pytest.mark.parametrize("positive", ["Yes", 1, True])
def test_the_positive_value_keeps_its_type(positive: str | int | bool) -> None:
    read = read_schema(positive=positive).positive
    assert (read, type(read)) == (positive, type(positive))


def test_the_timeline_is_the_chosen_scenario() -> None:
    chosen = {"scenario": "one", "scenarios": {"quiet": [], "one": [{"kind": "concept_drift", "from_week": 20}]}}
    read = options.SimulationOptions(**(BASE["simulation"] | chosen))
    assert [(change.kind, change.from_week, change.to_week) for change in read.timeline] == [
        ("concept_drift", 20, None)
    ]
    assert read.model_copy(update={"scenario": "quiet"}).timeline == ()


def test_an_unknown_scenario_is_answered_with_the_known_ones() -> None:
    chosen = {"scenario": "wild", "scenarios": {"year": [], "quiet": []}}
    with pytest.raises(ValidationError, match="'wild' is not one of: quiet, year"):
        options.SimulationOptions(**(BASE["simulation"] | chosen))


def test_a_new_region_is_half_of_the_rows_unless_it_is_told_otherwise() -> None:
    assert options.Change(kind="new_region", from_week=1).strength == 0.5
    assert options.Change(kind="new_region", from_week=1, strength=0.2).strength == 0.2
    assert options.Change(kind="nudge", from_week=1).strength == 1.0


def test_twins_do_not_return() -> None:
    with pytest.raises(ValidationError, match="set returning_share to 0"):
        options.SimulationOptions(**(BASE["simulation"] | {"twins": True, "returning_share": 0.3}))


@pytest.mark.parametrize(
    "changes",
    [
        *({"kind": "earthquake"}, {"from_week": 0}, {"strength": 1.5}, {"colum": "age"}),
        *({"ramp_weeks": 0}, {"weeks_late": 0}, {"columns": "age"}),
    ],
)
def test_a_change_that_makes_no_sense_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(changes))):
        options.Change(**({"kind": "missing_burst", "from_week": 3} | changes))


@pytest.mark.parametrize(
    "channels",
    [
        {"slack": "slack://t0ps3cret"},
        {"slack": {"kind": "slack://t0ps3cret", "severity": "warning"}},
        {"slack": {"kind": "apprise", "severity": "warning", "url": "slack://t0ps3cret"}},
        {"slack": {"kind": "apprise", "severity": "warning", "quiet_hours": "slack://t0ps3cret"}},
        "slack://t0ps3cret",
    ],
)
def test_an_address_put_among_the_parameters_by_mistake_is_refused_and_not_repeated(channels: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"alerts\.channels") as refused:
        parameters.read_parameters(BASE | {"alerts": BASE["alerts"] | {"channels": channels}})
    assert "t0ps3cret" not in str(refused.value)


@pytest.mark.parametrize("name", ["Slack", "my slack", "slack-2", "2nd", ""])
def test_a_channel_has_a_name_that_an_environment_variable_can_have(name: str) -> None:
    channels = {name: {"kind": "log", "severity": "info"}}
    with pytest.raises(ConfigurationError, match=r"alerts\.channels"):
        parameters.read_parameters(BASE | {"alerts": BASE["alerts"] | {"channels": channels}})
