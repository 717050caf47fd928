"""One Spark session per process, started when a dataset of ``conf/spark`` first needs it, and quiet.

Nothing here is imported outside that environment, and Spark itself not before the first call.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from churn_monitoring.core.errors import ConfigurationError

_TOLD = 600  # characters of what the virtual machine said that a message repeats


def open_spark(settings: Mapping[str, Any]) -> Any:
    """The session of this process; started on the first call, with the settings of that call.

    Args:
        settings: Spark's own, by name, such as ``spark.master``.

    Raises:
        ConfigurationError: Spark or Java is not installed, or the virtual machine does not start.
    """
    with without_pandas_warning():
        try:
            from pyspark import SparkConf, SparkContext
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise ConfigurationError(
                'Spark is not installed: `pip install ".[spark]"` in the project\'s folder, or use another --env.'
            ) from error
        if SparkContext._active_spark_context is None:
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            conf = SparkConf().setAll([(name, _spell(value)) for name, value in settings.items()])
            SparkContext(conf=conf, gateway=_launch(conf))
        return SparkSession.builder.getOrCreate()


@contextmanager
def without_pandas_warning() -> Iterator[None]:
    """Spark warns of pandas 3 wherever a table could become one of pandas; ours go by Arrow."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        yield


def _launch(conf: Any) -> Any:
    """Start the virtual machine, with what it says on stderr in a file: lines of its own at every start."""
    from pyspark.errors import PySparkRuntimeError
    from pyspark.java_gateway import launch_gateway

    with tempfile.NamedTemporaryFile(prefix="spark-", suffix=".log") as log:
        try:
            return launch_gateway(conf, {"stdout": log, "stderr": log})
        except (PySparkRuntimeError, OSError) as error:
            told = " ".join(Path(log.name).read_text(encoding="utf-8", errors="replace").split())[-_TOLD:]
            raise ConfigurationError(
                f"Spark does not start ({told or error}): install Java 17, set JAVA_HOME, or repair the settings in "
                "spark.yml."
            ) from error


def _spell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
