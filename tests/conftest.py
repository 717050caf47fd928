"""What holds for all tests."""

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import settings

from churn_monitoring.engines.spark_session import open_spark

from .receivers import Received, serve_mail, serve_web

# How long an example takes says something about the machine, not about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SPARK = {
    "spark.master": "local[2]",
    "spark.ui.enabled": False,
    "spark.ui.showConsoleProgress": False,
    "spark.sql.caseSensitive": True,
    "spark.sql.maxConcurrentOutputFileWriters": 2,
    "spark.sql.files.openCostInBytes": 0,  # files of few rows share a partition, so that one begins in its midst
}


@pytest.fixture(scope="session")
def needs_spark() -> None:
    """Skips where Spark cannot be started."""
    pytest.importorskip("pyspark", reason="pyspark is not installed: make test-spark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java 17, and there is no java on the PATH and no JAVA_HOME")


@pytest.fixture(scope="session")
def spark(needs_spark: None) -> Any:
    """One session for all tests of this process."""
    return open_spark(SPARK)


@pytest.fixture(scope="session")
def web_server() -> Callable[..., AbstractContextManager[Received]]:
    """Opens a web server that keeps what it is sent."""
    return serve_web


@pytest.fixture(scope="session")
def mail_server() -> Callable[..., AbstractContextManager[Received]]:
    """Opens a mail server that keeps what it is sent."""
    return serve_mail
