"""The pipelines by name."""

from kedro.pipeline import Pipeline

from churn_monitoring.pipelines import monitoring, recalibration, retraining, simulation, training


def register_pipelines() -> dict[str, Pipeline]:
    """``kedro run`` without a name is training (the command line simulates customers first if none are given)."""
    return {
        "__default__": training.create_pipeline(),
        "simulation": simulation.create_pipeline(),
        "training": training.create_pipeline(),
        "monitoring": monitoring.create_pipeline(),
        "retraining": retraining.create_pipeline(),
        "recalibration": recalibration.create_pipeline(),
    }
