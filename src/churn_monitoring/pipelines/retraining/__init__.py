"""The retraining pipeline."""

from churn_monitoring.pipelines.retraining.pipeline import create_pipeline

__all__ = ["create_pipeline"]
