"""A real tracking database and model registry in a temporary folder; every test has names of its own."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
import yaml

from churn_monitoring.core.options import QualityOptions, TableSchema
from churn_monitoring.datasets.registry import read_version
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import fit_reference_profile
from churn_monitoring.quality.dependency import fit_dependencies

PARAMETERS = Path(__file__).resolve().parents[2] / "conf/base/parameters.yml"
QUALITY = QualityOptions(**yaml.safe_load(PARAMETERS.read_text(encoding="utf-8"))["quality"])


@pytest.fixture(scope="session")
def tracking_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database is made on first use, with everything imported that warns when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracking client, about itself
        import mlflow.pyfunc.model
        import mlflow.sklearn

        folder = tmp_path_factory.mktemp("tracking")
        mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}").search_experiments()
    return folder


@pytest.fixture
def experiment(tracking_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a new, empty experiment, which is the active one; other tests find their own as it was."""
    import mlflow

    uri, name = f"sqlite:///{tracking_folder / 'mlflow.db'}", f"experiment-{uuid4().hex}"
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._tracking_uri", uri)
    monkeypatch.setattr("mlflow.tracking._model_registry.utils._registry_uri", None)
    number = mlflow.create_experiment(name, artifact_location=(tracking_folder / name).as_uri())
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", number)
    monkeypatch.setattr("mlflow.tracking.fluent._active_experiment_id", number)
    return name


@pytest.fixture
def model_name(experiment: str) -> str:
    """A name that is not in the registry yet, with its experiment active."""
    read_version.cache_clear()
    return f"churn-{uuid4().hex}"


@pytest.fixture
def finish_run(experiment: str) -> Callable[..., str]:
    """Records a run with tags and metrics as the pipelines do, FINISHED unless told otherwise; returns its id."""
    import mlflow

    def record(tags: dict[str, Any], metrics: dict[str, float] | None = None, status: str = "FINISHED") -> str:
        with mlflow.start_run(tags={name: str(value) for name, value in tags.items()}) as run:
            mlflow.log_metrics(metrics or {})
        if status != "FINISHED":
            mlflow.MlflowClient().set_terminated(run.info.run_id, status)
        return str(run.info.run_id)

    return record


@pytest.fixture(scope="session")
def package() -> ChampionPackage:
    schema = TableSchema(
        id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=["plan"], ignored=[]
    )
    generator = np.random.default_rng(3)
    age = generator.normal(40, 9, 300)
    plan = np.where(age > 45, "yearly", np.where(age > 38, "monthly", "zwölf"))
    rows = pd.DataFrame(
        {
            "customer": pd.Series([f"00{number}" for number in range(300)], dtype="str"),
            "age": np.where(generator.random(300) < 0.05, np.nan, age),
            "plan": pd.Series(plan, dtype="str"),
        }
    )
    labels = (generator.random(300) < 0.3).astype(float)
    model = fit_candidate(build_candidate("random_forest", schema, {"n_estimators": 3}, 1), rows, labels)
    scores = score_rows(model, rows)
    calibration = PlattCalibration(0.25, 0.75)
    reference = pd.DataFrame({"id": rows["customer"], "label": labels, "score": scores})
    return ChampionPackage(
        model=model,
        candidate="random_forest",
        schema=schema,
        profile=fit_reference_profile(rows, schema, 50),
        reference=reference.assign(probability=calibration.apply(scores), part="holdout"),
        reference_features=rows[["age", "plan"]],
        calibration=calibration,
        threshold=0.4,
        metrics={"reference": {"roc_auc": {"value": 0.8, "low": 0.7, "high": 0.9}}},
        facts={"unparseable": {"age": 0.0}, "repeated_share": 0.0, "as_of": "2026-01-05"},
        dependencies=fit_dependencies(rows, schema, {}, QUALITY, 1),
        training_rows=rows.assign(label=labels),
    )
