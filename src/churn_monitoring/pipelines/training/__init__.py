"""The training pipeline."""

from churn_monitoring.pipelines.training.pipeline import create_pipeline

__all__ = ["create_pipeline"]
