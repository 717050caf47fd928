"""Kedro's settings: hooks, and how configuration is read."""

from pathlib import Path

from churn_monitoring.hooks import CandidateRunHook, DeliveryHook, ExperimentHook, ParametersHook
from churn_monitoring.parameter_log import ParameterLogHook

PROJECT_ROOT = Path(__file__).resolve().parents[2]

# The last one is asked first.
HOOKS = (ParameterLogHook(), ExperimentHook(), CandidateRunHook(), DeliveryHook(), ParametersHook())

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment overrides single keys of a block; the others keep their base values.
    "merge_strategy": {"parameters": "soft", "globals": "soft", "mlflow": "soft"},
    "config_patterns": {"globals": ["globals*", "spark*"]},  # conf/spark/spark.yml: one place for all that Spark needs
    # mlflow.yml names the database by an absolute path, or a run from a subfolder would start a second one.
    "custom_resolvers": {"project_root": lambda: str(PROJECT_ROOT)},
}
