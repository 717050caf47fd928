"""The monitoring pipeline."""

from churn_monitoring.pipelines.monitoring.pipeline import create_pipeline

__all__ = ["create_pipeline"]
