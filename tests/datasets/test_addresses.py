"""Addresses of channels: from which file, for which environment."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.datasets.addresses import read_credentials


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    for env in ("base", "local", "telco"):
        (tmp_path / env).mkdir()
    return tmp_path


def open_context(conf: Path, env: str | None = None) -> Any:
    return SimpleNamespace(env=env, config_loader=SimpleNamespace(conf_source=str(conf)))


@pytest.mark.parametrize("env", [None, "local", "telco"])
def test_addresses_in_local_are_meant_whatever_environment_is_named(conf: Path, env: str | None) -> None:
    (conf / "local/credentials.yml").write_text("alerts: {slack: one}\nmlflow: {token: another}")
    assert read_credentials(open_context(conf, env)) == {"slack": "one"}


def test_the_environment_of_the_run_overrules_them(conf: Path) -> None:
    (conf / "local/credentials.yml").write_text("alerts: {slack: one}")
    (conf / "telco/credentials.yml").write_text("alerts: {slack: of telco}")
    assert read_credentials(open_context(conf, "telco")) == {"slack": "of telco"}
    assert read_credentials(open_context(conf)) == {"slack": "one"}


def test_without_a_file_or_without_the_block_there_are_none(conf: Path) -> None:
    assert read_credentials(open_context(conf)) == {}
    (conf / "local/credentials.yml").write_text("mlflow: {token: another}")
    assert read_credentials(open_context(conf)) == {}


def test_a_block_of_another_shape_is_told_without_repeating_it(conf: Path) -> None:
    (conf / "local/credentials.yml").write_text("alerts: slack://t0ps3cret")
    with pytest.raises(ConfigurationError, match="an address per channel") as refused:
        read_credentials(open_context(conf))
    assert "t0ps3cret" not in str(refused.value)
