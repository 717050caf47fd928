"""The recalibration pipeline."""

from churn_monitoring.pipelines.recalibration.pipeline import create_pipeline

__all__ = ["create_pipeline"]
