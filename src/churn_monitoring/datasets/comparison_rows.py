"""Which rows earlier attempts were compared on, as their finished runs remember it.

Each attempt that made a comparison keeps batch and customer of its rows as an artifact of its own run. An
attempt that was killed has no finished run, so its rows are not used up: repeated, it is compared on them again.
"""

import json
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.core.errors import DataError
from churn_monitoring.datasets.ledger import search_finished_runs

COMPARISON_ROWS = "comparison_rows.json"
COUNT_TAG = "comparison_rows"


class ComparisonRowsDataset(AbstractDataset[pd.DataFrame, Any]):
    """Loads ``batch`` and ``id`` (None where the customer had none) of all rows that were compared on.

    Args:
        experiment: name of the experiment the attempts are in.
        model_name: of the model they were about.
        metadata: for kedro-viz.
    """

    def __init__(self, *, experiment: str, model_name: str, metadata: dict[str, Any] | None = None) -> None:
        self._experiment = experiment
        self._model_name = model_name
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """The rows of every finished attempt; none where no attempt was compared.

        Raises:
            DataError: those of one cannot be read, so that nobody knows which rows are fresh.
        """
        runs = search_finished_runs(self._experiment, self._model_name)
        tables = [_read_rows(run) for run in runs if COUNT_TAG in run.data.tags]
        empty = pd.DataFrame({"batch": [], "id": []}, dtype=object)
        return pd.concat([empty, *tables], ignore_index=True)

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: they are artifacts of the attempt's run."""
        raise DatasetError("Comparison rows are kept by finishing an attempt's run, not by saving.")

    def _describe(self) -> dict[str, Any]:
        return {"experiment": self._experiment, "model_name": self._model_name}


def _read_rows(run: Any) -> pd.DataFrame:
    from mlflow.artifacts import load_text
    from mlflow.exceptions import MlflowException

    try:
        table = json.loads(load_text(f"runs:/{run.info.run_id}/{COMPARISON_ROWS}"))
    except (MlflowException, OSError, ValueError) as error:
        raise DataError(
            f"{COMPARISON_ROWS} of run {run.info.run_id}, a retraining attempt of {run.data.tags['as_of']}, cannot be "
            "read: bring its artifacts back, or delete the run in `mlflow ui` to compare on its rows again."
        ) from error
    return pd.DataFrame({"batch": table["batch"], "id": table["id"]}, dtype=object)
