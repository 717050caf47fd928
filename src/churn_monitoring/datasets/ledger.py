"""What the tracking database remembers of monitored batches and retraining attempts.

A run counts once it has finished: a monitoring that was killed left no entry and is done again.
"""

from datetime import date
from typing import Any, cast, get_args

from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.core.records import Action, Attempt, LedgerEntry, Remedy

PAGE = 1000
REMEDIES: dict[str, Remedy] = {name: name for name in get_args(Remedy)}


def search_finished_runs(experiment: str, model_name: str) -> list[Any]:
    """Finished top-level runs of one experiment and model, oldest first; none where the experiment is not there."""
    from mlflow import MlflowClient

    client = MlflowClient()
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return []
    runs: list[Any] = []
    token = None
    while True:
        page = client.search_runs(
            [found.experiment_id],
            filter_string=f"attributes.status = 'FINISHED' and tags.model_name = '{model_name}'",
            max_results=PAGE,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        runs += page
        token = page.token
        if not token:
            return runs


class _LedgerDataset(AbstractDataset[Any, Any]):
    """Base of the read-only views on finished runs; one session, and so every node of a run, sees one state."""

    def __init__(self, *, experiment: str, model_name: str, metadata: dict[str, Any] | None = None) -> None:
        self._experiment = experiment
        self._model_name = model_name
        self._entries: tuple[Any, ...] | None = None
        self.metadata = metadata

    def load(self) -> tuple[Any, ...]:
        """The entries, searched for once."""
        if self._entries is None:
            self._entries = self._read(search_finished_runs(self._experiment, self._model_name))
        return self._entries

    def _read(self, runs: list[Any]) -> tuple[Any, ...]:
        raise NotImplementedError

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: a ledger entry is a finished run."""
        raise DatasetError("A ledger is written by finishing a run, not by saving.")

    def _describe(self) -> dict[str, Any]:
        return {"experiment": self._experiment, "model_name": self._model_name}


class MonitoringLedgerDataset(_LedgerDataset):
    """Monitored batches, the newest judgement of each, oldest batch first."""

    def _read(self, runs: list[Any]) -> tuple[LedgerEntry, ...]:
        newest = {run.data.tags["batch"]: run for run in runs}
        entries = [_read_entry(run) for run in newest.values()]
        return tuple(sorted(entries, key=lambda entry: (entry.batch_date, entry.batch_id)))


class RetrainingLedgerDataset(_LedgerDataset):
    """Retraining attempts and rollbacks in the order in which they happened."""

    def _read(self, runs: list[Any]) -> tuple[Attempt, ...]:
        return tuple(_read_attempt(run) for run in runs)


def _read_entry(run: Any) -> LedgerEntry:
    tags = run.data.tags
    if tags["action"] not in get_args(Action):
        raise DatasetError(f"Run {run.info.run_id} has the unknown action '{tags['action']}'.")
    return LedgerEntry(
        run_id=run.info.run_id,
        batch_id=tags["batch"],
        batch_date=date.fromisoformat(tags["batch_date"]),
        as_of=date.fromisoformat(tags["as_of"]),
        action=cast("Action", tags["action"]),
        rejected=tags["rejected"] == "true",
        model_version=tags["model_version"],
        size=int(tags["file_size"]),
        modified_ns=int(tags["file_modified_ns"]),
        sha256=tags["file_sha256"],
        metrics=dict(run.data.metrics),
        remedy=REMEDIES.get(tags.get("remedy", "none")),
    )


def _read_attempt(run: Any) -> Attempt:
    tags = run.data.tags
    return Attempt(
        run_id=run.info.run_id,
        as_of=date.fromisoformat(tags["as_of"]),
        kind=cast("Any", tags["kind"]),
        verdict=tags["verdict"],
        version_before=tags["version_before"],
        version_after=tags["version_after"],
        metrics=dict(run.data.metrics),
    )
