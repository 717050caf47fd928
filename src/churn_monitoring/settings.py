"""Kedro's settings: hooks, and how configuration is read."""

import logging
import os
import warnings
from pathlib import Path

# Before mlflow is imported anywhere: it must not phone home, look for a uv project to lock, or chat.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_UV_AUTO_DETECT", "false")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
# kedro-mlflow defines a model class of its own, about which mlflow warns at import, filters or not; and it sets
# its own log level. Both happen here once, out of the reader's sight.
with warnings.catch_warnings(record=True):
    import kedro_mlflow.mlflow  # noqa: F401
logging.getLogger("kedro_mlflow").setLevel(logging.WARNING)

from churn_monitoring.hooks import CandidateRunHook, ExperimentHook  # noqa: E402

PROJECT_ROOT = Path(__file__).resolve().parents[2]

HOOKS = (ExperimentHook(), CandidateRunHook())

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment overrides single keys of a block; the others keep their base values.
    "merge_strategy": {"parameters": "soft", "globals": "soft", "mlflow": "soft"},
    # mlflow.yml names the database by an absolute path, or a run from a subfolder would start a second one.
    "custom_resolvers": {"project_root": lambda: str(PROJECT_ROOT)},
}
