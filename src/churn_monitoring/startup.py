"""What happens once, when a command starts: quiet imports in a cheap order.

Kedro loads this through the entry point ``kedro.cli_hooks``, after its settings and before the plugins' commands.
Everything here would be imported anyway; only the order and the noise are ours.
"""

import atexit
import gc
import logging
import os
import warnings

# Some 400,000 objects come to life during imports and none of them dies: looking for garbage among them again
# and again takes a seventh of a run.
gc.set_threshold(200_000, 50, 50)
atexit.register(gc.freeze)  # nor at the end, when the process gives everything back at once

# Before mlflow is imported anywhere: it must not phone home, look for a uv project to lock, or chat.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_UV_AUTO_DETECT", "false")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
# Looking for a Databricks notebook imports the whole of IPython, a sixth of a run's time.
os.environ.setdefault("MLFLOW_ENABLE_SGC_RUN_RESUMPTION_FOR_DATABRICKS_JOBS", "false")
# skops compares what it knows with every module loaded so far, which takes it twice as long after mlflow.
import skops.io  # noqa: E402, F401

# kedro-mlflow defines a model class of its own, about which mlflow warns at import, filters or not; and it sets
# its own log level. Both happen here once, out of the reader's sight.
with warnings.catch_warnings(record=True):
    warnings.simplefilter("ignore")
    import kedro_mlflow.mlflow  # noqa: F401
logging.getLogger("kedro_mlflow").setLevel(logging.WARNING)


class Startup:
    """Registered with Kedro for the sake of the import; implements no hook."""


startup = Startup()
