"""The simulation pipeline."""

from churn_monitoring.pipelines.simulation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
