"""The ledger of champions: finished runs that changed what is in service, read as reigns.

Append-only by making: a reign is told by runs and by the tags that a version was registered with, and neither is ever
written again once it is there.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.datasets.ledger import search_finished_runs
from churn_monitoring.datasets.registry import find_champion, list_versions
from churn_monitoring.promotion.reigns import Change, Reign, VersionFacts, list_reigns

BY_VERDICT = {"promoted", "recalibrated", "rolled_back"}


class ChampionLedgerDataset(AbstractDataset[Any, tuple[Reign, ...]]):
    """Who was champion from when to when, oldest first.

    Args:
        experiments: names of the experiments whose runs may put a version in service.
        model_name: name in the model registry.
        metadata: for kedro-viz.
    """

    def __init__(self, *, experiments: Sequence[str], model_name: str, metadata: dict[str, Any] | None = None) -> None:
        self._experiments = tuple(experiments)
        self._model_name = model_name
        self.metadata = metadata

    def load(self) -> tuple[Reign, ...]:
        """The reigns as the tracking database has them now."""
        versions = list_versions(self._model_name)
        registered = {str(version.run_id): str(version.version) for version in versions}
        runs = [run for name in self._experiments for run in search_finished_runs(name, self._model_name)]
        changes = [change for change in (read_change(run, registered) for run in runs) if change is not None]
        facts = {str(version.version): _read_facts(version.tags) for version in versions}
        return list_reigns(changes, facts, find_champion(self._model_name))

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: a ledger entry is a finished run."""
        raise DatasetError("The ledger of champions is written by finishing a run, not by saving.")

    def _describe(self) -> dict[str, Any]:
        return {"experiments": self._experiments, "model_name": self._model_name}


def read_change(run: Any, registered: Mapping[str, str]) -> Change | None:
    """What a run put in service; None where it put nothing.

    Args:
        run: a finished run of the tracking database.
        registered: version by id of the run that registered it, for trainings from before they noted it.
    """
    tags = run.data.tags
    by = "training" if tags.get("kind") == "training" else tags.get("verdict", "")
    after = tags.get("version_after", registered.get(run.info.run_id, "") if by == "training" else "")
    if by not in {"training", *BY_VERDICT} or not after:
        return None
    reason, user = tags.get("reason", ""), tags.get("user", "")
    return Change(
        run_id=run.info.run_id,
        as_of=date.fromisoformat(tags["as_of"]),
        at=datetime.fromtimestamp(run.info.end_time / 1000, tz=UTC),
        by=by,
        version_before=tags.get("version_before", ""),
        version_after=after,
        reason=f"{reason} ({user})" if user else reason,
    )


def _read_facts(tags: Mapping[str, str]) -> VersionFacts:
    return VersionFacts(*(tags.get(name, "") for name in ("candidate", "data_sha256", "parameters_sha256", "code")))
