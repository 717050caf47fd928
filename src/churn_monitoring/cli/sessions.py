"""Opening Kedro sessions, one at a time per project, and turning errors into sentences."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from kedro.framework.session import KedroSession

from churn_monitoring.core.errors import ChurnMonitoringError, ConfigurationError

LOCK_FILE = Path("data") / ".lock"


class AnotherRunAtWork(ChurnMonitoringError):
    """Somebody else holds the project's lock."""


def find_project() -> Path:
    """The project's root: this folder or the nearest above it that holds the project file and ``conf``."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "conf").is_dir():
            return folder
    raise ConfigurationError(f"{here} is not inside a churn-monitoring project: change to its folder first.")


def check_environment(env: str | None) -> None:
    """Raise :class:`ConfigurationError` when ``conf`` has no folder of that name."""
    conf = find_project() / "conf"
    if env is not None and not (conf / env).is_dir():
        known = ", ".join(sorted(folder.name for folder in conf.iterdir() if folder.is_dir()))
        raise ConfigurationError(f"There is no environment '{env}' in conf/ (there are: {known}): check --env.")


@contextmanager
def exclusive() -> Iterator[None]:
    """Hold the project's lock; it goes with the process, however that ends.

    Raises:
        AnotherRunAtWork: another process holds it.
    """
    from filelock import FileLock, Timeout

    path = find_project() / LOCK_FILE
    path.parent.mkdir(exist_ok=True)
    holder = path.with_suffix(".holder")
    try:
        with FileLock(path, timeout=0):
            holder.write_text(str(os.getpid()), encoding="utf-8")
            yield
    except Timeout as error:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "unknown"
        raise AnotherRunAtWork(
            f"Another run (process {who}) is at work in this project: let it finish, then start this one again."
        ) from error


def open_session(env: str | None, params: dict[str, Any] | None) -> Any:
    """A Kedro session of this project; one run each."""
    return KedroSession.create(project_path=find_project(), env=env, runtime_params=params)


@contextmanager
def open_context(env: str | None, params: dict[str, Any] | None = None) -> Iterator[Any]:
    """A Kedro context whose catalog can be read, with the tracking database set."""
    with open_session(env, params) as session:
        yield session.load_context()


def run_pipeline(name: str, env: str | None, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run one pipeline in a session of its own; returns its outputs by name, loaded when asked for."""
    with outside_notebooks(), open_session(env, params) as session:
        return dict(session.run(pipeline_names=[name]))


@contextmanager
def outside_notebooks() -> Iterator[None]:
    """Keep mlflow from importing IPython, a sixth of a run's time, only to learn that this is no notebook."""
    if "IPython" in sys.modules:
        yield
        return
    sys.modules["IPython"] = None  # type: ignore[assignment]  # Python's way to say "not to be imported"
    try:
        yield
    finally:
        del sys.modules["IPython"]


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print what the user can repair as one sentence on stderr and leave with its exit code.

    Kedro wraps errors on their way; the first of ours in the chain of causes is the one to tell. An error
    that is not ours is a defect and keeps its traceback.
    """
    try:
        yield
    except Exception as error:
        told = _find_ours(error)
        if told is None:
            raise
        click.echo(str(told), err=told.exit_code != 0)
        sys.exit(told.exit_code)


def _find_ours(error: BaseException | None) -> ChurnMonitoringError | None:
    from kedro.framework.cli.utils import KedroCliError
    from kedro.validation.exceptions import ParameterValidationError
    from yaml import YAMLError

    while error is not None:
        if isinstance(error, ChurnMonitoringError):
            return error
        if isinstance(error, KedroCliError):
            raise error
        if isinstance(error, ParameterValidationError):
            return ConfigurationError(_tell_parameters(str(error)))
        if isinstance(error, YAMLError):
            return ConfigurationError(" ".join(str(error).split()))
        error = error.__cause__ or error.__context__
    return None


def _tell_parameters(text: str) -> str:
    r"""Kedro's report of a failed validation as one sentence.

    >>> _tell_parameters(
    ...     "- Parameter 'drift': Failed to instantiate DriftOptions: 1 validation error for DriftOptions\n"
    ...     "min_row\n  Extra inputs are not permitted [type=extra_forbidden, input_value=3, input_type=int]")
    'Parameters in conf or --params are not valid: drift.min_row is not known (it is 3).'
    """
    block, name, told = "", "", []
    for line in text.splitlines():
        if found := re.match(r"- Parameter '([^']+)'", line):
            block = name = found[1]
        elif found := re.match(r"(\S+)$", line):
            name = f"{block}.{found[1]}"
        elif found := re.match(r"\s+(.+) \[type=(\w+), input_value=(.*), input_type=", line):
            wrong = " is not known" if found[2] == "extra_forbidden" else f": {found[1]}"
            told.append(f"{name}{wrong} (it is {found[3]})")
    wrong = "; ".join(told) or " ".join(text.split())
    return f"Parameters in conf or --params are not valid: {wrong}."
