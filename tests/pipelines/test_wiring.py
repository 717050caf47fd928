"""Every pipeline is wired, every effect is in the catalog with its layer, and every parameter exists."""

import inspect
import re
from typing import Any

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.pipeline import Pipeline
from pydantic import BaseModel

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.pipeline_registry import register_pipelines
from churn_monitoring.settings import CONFIG_LOADER_ARGS

from .conftest import ROOT

LAYERS = {
    "delivered", "history", "raw", "intermediate", "models", "model_output", "outcome", "reporting", "tracking"
}  # fmt: skip
PIPELINES = register_pipelines()
ENVIRONMENTS = [path.name for path in sorted((ROOT / "conf").iterdir()) if list(path.glob("*.yml"))]


def load(kind: str, env: str = "base") -> dict[str, Any]:
    return dict(OmegaConfigLoader(conf_source=str(ROOT / "conf"), env=env, **CONFIG_LOADER_ARGS)[kind])


def read_catalog() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "conf/base/catalog.yml").read_text(encoding="utf-8")))


def list_parameters(pipeline: Pipeline) -> set[str]:
    return {each.removeprefix("params:") for each in pipeline.inputs() if each.startswith("params:")}


def list_names(model: type[BaseModel]) -> set[str]:
    """Names of all parameters of a block and of the blocks in it."""
    names: set[str] = set()
    for name, info in model.model_fields.items():
        inner = info.annotation
        nested = isinstance(inner, type) and issubclass(inner, BaseModel)
        names |= {name} | (list_names(inner) if nested else set())
    return names


def read_source(under: str = "", *, but: str = "") -> str:
    folder = ROOT / "src/churn_monitoring" / under
    files = sorted([*folder.rglob("*.py"), *folder.rglob("*.j2")])
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != but)


def test_there_are_the_five_pipelines_and_the_default_is_training():
    assert set(PIPELINES) == {"__default__", "simulation", "training", "monitoring", "retraining", "recalibration"}
    assert set(PIPELINES["__default__"].nodes) == set(PIPELINES["training"].nodes)


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_reads_only_what_the_catalog_or_the_parameters_hold(name):
    free = {each for each in PIPELINES[name].inputs() if not each.startswith("params:")}
    assert free <= {*read_catalog(), "parameters"}


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_parameter_a_pipeline_asks_for_exists_in_every_environment(name, env):
    for asked in list_parameters(PIPELINES[name]):
        value = load("parameters", env)
        for part in asked.split("."):
            assert part in value, asked
            value = value[part]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_parameters_of_every_environment_are_valid(env):
    checked = Parameters.model_validate(load("parameters", env))
    assert set(checked.training.candidates) == {"random_forest", "xgboost"}


@pytest.mark.parametrize(
    "name", sorted(list_names(Parameters) - {"ignored"})
)  # ignored: named, so that nothing reads it
def test_every_parameter_of_the_file_is_read_somewhere(name):
    assert re.search(rf"[.:]{name}\b", read_source(but="options.py"))


@pytest.mark.parametrize(("entry", "told"), read_catalog().items())
def test_every_catalog_entry_has_a_layer(entry, told):
    assert told["metadata"]["kedro-viz"]["layer"] in LAYERS


def test_no_catalog_entry_is_left_over():
    used = set().union(*(pipeline.datasets() for pipeline in PIPELINES.values()))
    used |= set(re.findall(r'load\("(\w+)"\)', read_source("cli")))
    assert {entry for entry in read_catalog() if "{" not in entry} - used == set()


@pytest.mark.parametrize("name", ["training", "retraining"])
def test_the_nodes_of_one_candidate_are_a_namespace(name):
    namespaces = {node.namespace for node in PIPELINES[name].nodes}
    assert namespaces == {None, "random_forest", "xgboost"}


@pytest.mark.parametrize("pipeline", [PIPELINES[name] for name in PIPELINES if name != "__default__"])
def test_a_node_bears_the_name_of_its_function_and_says_what_it_does(pipeline: Pipeline):
    for node in pipeline.nodes:
        assert node.name.rpartition(".")[2] == node.func.__name__
        assert inspect.getdoc(node.func)


def test_no_pipeline_reads_the_truth():
    assert all("simulation_truth" not in pipeline.inputs() for pipeline in PIPELINES.values())


def test_nothing_is_input_and_output_of_one_pipeline():
    for pipeline in PIPELINES.values():
        assert not pipeline.inputs() & pipeline.all_outputs()
