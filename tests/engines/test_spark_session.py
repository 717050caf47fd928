"""Spark is started once, by whoever needs it first, and a person without it is told what to do."""

import builtins
from typing import Any

import pytest

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.engines import spark_session
from churn_monitoring.engines.spark_files import absolute
from churn_monitoring.engines.spark_session import open_spark


def test_without_spark_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def refuse(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("pyspark"):
            raise ImportError(name)
        return original(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ConfigurationError, match=r"pip install \"\.\[spark\]\""):
        open_spark({})


def test_a_machine_that_does_not_start_is_told_with_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed: make test-spark")
    from pyspark import java_gateway
    from pyspark.errors import PySparkRuntimeError

    def fail(_conf: Any, streams: dict[str, Any]) -> None:
        streams["stderr"].write(b"JAVA_HOME is not set\n")
        streams["stderr"].flush()
        raise PySparkRuntimeError(errorClass="JAVA_GATEWAY_EXITED", messageParameters={})

    monkeypatch.setattr(java_gateway, "launch_gateway", fail)
    with pytest.raises(ConfigurationError, match=r"JAVA_HOME is not set\): install Java 17"):
        spark_session._launch(None)


def test_the_session_is_one_and_has_the_settings(spark: Any) -> None:
    assert open_spark({"spark.app.name": "another"}) is spark
    assert spark.conf.get("spark.sql.caseSensitive") == "true"


def test_a_path_is_of_this_machine_and_an_address_stays() -> None:
    assert absolute("hdfs://name/batches") == "hdfs://name/batches"
    assert absolute("/data/a b") == "file:///data/a b"
