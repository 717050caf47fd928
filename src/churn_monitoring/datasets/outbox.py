"""Open problems and messages to send, as finished runs of the tracking database remember them.

A judgement, the problems open after it and the messages about it are one run, which counts once it has finished: none
of the three is there without the others. ``alerts.json``, an artifact of the run, holds problems and messages; the tag
``outbox`` says whether a message still has to be sent, a tag per channel when it was
(docs/decisions/14-told-once.md).
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.alerting.lifecycle import Problem
from churn_monitoring.alerting.messages import Message, pack_message, unpack_message
from churn_monitoring.core.records import Severity

ALERTS, REPORT = "alerts.json", "report.json"
PROBLEMS, OUTBOX, TOLD = "problems", "outbox", "told_"
PENDING, DONE = "pending", "done"
MOST_PENDING = 1000
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pending:
    """A finished run with messages not yet taken by every channel, and the channels that have taken theirs."""

    run_id: str
    messages: tuple[Message, ...]
    told: frozenset[str]

    @property
    def waiting(self) -> tuple[Message, ...]:
        """The messages that still have to be sent."""
        return tuple(message for message in self.messages if message.channel not in self.told)


class AlertHistory:
    """What earlier judgements have found, looked up when asked for."""

    def __init__(self, experiment: str, model_name: str) -> None:
        self._experiment = experiment
        self._model_name = model_name

    def find_problems(self) -> tuple[Problem, ...]:
        """The problems open after the newest finished run of the experiment."""
        return load_problems(self._experiment, self._model_name)

    def find_alerts(self, run_id: str) -> dict[str, Severity]:
        """Severity by key of the alerts of a finished monitoring run; none where its report cannot be read."""
        report = _load_json(run_id, REPORT)
        return {alert["key"]: alert["severity"] for alert in report["alerts"]} if report else {}


class AlertHistoryDataset(AbstractDataset[Any, AlertHistory]):
    """Loads the :class:`AlertHistory` of an experiment and a model."""

    def __init__(self, *, experiment: str, model_name: str, metadata: dict[str, Any] | None = None) -> None:
        self._experiment = experiment
        self._model_name = model_name
        self.metadata = metadata

    def load(self) -> AlertHistory:
        """The history; nothing is read before it is asked for."""
        return AlertHistory(self._experiment, self._model_name)

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: it is written by finishing a run."""
        raise DatasetError("The history of alerts is written by finishing a run, not by saving.")

    def _describe(self) -> dict[str, Any]:
        return {"experiment": self._experiment, "model_name": self._model_name}


def show_outbox(problems: Sequence[Problem], messages: Sequence[Message]) -> dict[str, Any]:
    """What a run has to log, ``{"tags": ..., "artifacts": ...}``, so that the next one knows problems and messages."""
    tags = {PROBLEMS: str(len(problems)), OUTBOX: PENDING if messages else DONE}
    if not problems and not messages:
        return {"tags": tags}
    packed = {
        "problems": [_pack_problem(problem) for problem in problems],
        "messages": [pack_message(message) for message in messages],
    }
    return {"tags": tags, "artifacts": {ALERTS: packed}}


def load_problems(experiment: str, model_name: str) -> tuple[Problem, ...]:
    """The problems open after the newest finished run of an experiment that is about the model; none without one."""
    runs = _search(experiment, model_name, f"tags.{PROBLEMS} != ''", newest_first=True, most=1)
    if not runs or runs[0].data.tags[PROBLEMS] == "0":
        return ()
    packed = _load_json(runs[0].info.run_id, ALERTS)
    return tuple(_unpack_problem(plain) for plain in packed["problems"]) if packed else ()


def find_pending(experiments: Sequence[str], model_name: str) -> list[Pending]:
    """Finished runs with messages to send, those of one experiment after those of the other, oldest first."""
    found = []
    for experiment in experiments:
        for run in _search(experiment, model_name, f"tags.{OUTBOX} = '{PENDING}'", most=MOST_PENDING):
            packed = _load_json(run.info.run_id, ALERTS)
            messages = tuple(unpack_message(plain) for plain in packed["messages"]) if packed else ()
            told = frozenset(tag.removeprefix(TOLD) for tag in run.data.tags if tag.startswith(TOLD))
            found.append(Pending(run.info.run_id, messages, told))
    return found


def mark_told(run_id: str, channel: str, what: str | None = None) -> None:
    """Note that a channel has taken its message, at this time; or ``what`` else became of it."""
    from mlflow import MlflowClient

    MlflowClient().set_tag(run_id, f"{TOLD}{channel}", what or datetime.now(tz=UTC).isoformat(timespec="seconds"))


def close_outbox(run_id: str) -> None:
    """Note that nothing of a run has to be sent any more."""
    from mlflow import MlflowClient

    MlflowClient().set_tag(run_id, OUTBOX, DONE)


def _search(experiment: str, model_name: str, wanted: str, *, most: int, newest_first: bool = False) -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient()
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return []
    return list(
        client.search_runs(
            [found.experiment_id],
            filter_string=f"attributes.status = 'FINISHED' and tags.model_name = '{model_name}' and {wanted}",
            max_results=most,
            order_by=[f"attributes.start_time {'DESC' if newest_first else 'ASC'}"],
        )
    )


def _load_json(run_id: str, name: str) -> Any:
    """An artifact of a run; None, and a line in the log, where it cannot be read: monitoring goes on."""
    from mlflow.artifacts import load_text
    from mlflow.exceptions import MlflowException

    try:
        return json.loads(load_text(f"runs:/{run_id}/{name}"))
    except (MlflowException, OSError, ValueError):
        log.warning("%s of run %s cannot be read: what it told may be told again.", name, run_id)
        return None


def _pack_problem(problem: Problem) -> dict[str, Any]:
    days = {"first_day": problem.first_day.isoformat(), "told_day": problem.told_day.isoformat()}
    return {**asdict(problem), **days, "quiet": list(problem.quiet)}


def _unpack_problem(plain: Mapping[str, Any]) -> Problem:
    days = {name: date.fromisoformat(plain[name]) for name in ("first_day", "told_day")}
    return Problem(**{**plain, **days, "quiet": tuple(plain["quiet"])})
