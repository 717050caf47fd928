"""Wires recalibration."""

from kedro.pipeline import Node, Pipeline

from churn_monitoring.pipelines import matured
from churn_monitoring.pipelines.dashboard import rebuild_dashboard
from churn_monitoring.pipelines.policy import adopt_policy
from churn_monitoring.pipelines.recalibration import nodes


def create_pipeline() -> Pipeline:
    """From matured labels to a recalibrated champion, or to the reason why there is none."""
    return Pipeline([*_gather(), *_judge()], tags="recalibration")


def _gather() -> list[Node]:
    return [
        Node(adopt_policy, inputs=["parameters", "champion_to_beat"], outputs="policy", name="adopt_policy"),
        Node(
            matured.choose_as_of,
            inputs=["monitoring_ledger", "params:as_of"],
            outputs="attempt_as_of",
            name="choose_as_of",
        ),
        Node(
            matured.gather_window_batches,
            inputs=[
                "monitoring_ledger",
                "deliveries",
                "label_files",
                "champion_to_beat",
                "attempt_as_of",
                "policy",
            ],
            outputs=["window_batches", "window_note"],
            name="gather_window_batches",
        ),
        Node(
            nodes.choose_rate_rows,
            inputs=["window_batches", "monitoring_ledger", "champion_to_beat"],
            outputs="rate_rows",
            name="choose_rate_rows",
        ),
    ]


def _judge() -> list[Node]:
    return [
        Node(
            nodes.attempt_recalibration,
            inputs=["rate_rows", "champion_to_beat", "policy"],
            outputs="recalibration_attempt",
            name="attempt_recalibration",
        ),
        Node(
            nodes.build_recalibrated,
            inputs=["recalibration_attempt", "rate_rows", "champion_to_beat", "attempt_as_of", "policy"],
            outputs="promotion",
            name="build_recalibrated",
        ),
        Node(
            nodes.summarize_recalibration,
            inputs=[
                "recalibration_attempt",
                "rate_rows",
                "champion_to_beat",
                "promotion",
                "monitoring_ledger",
                "retraining_ledger",
                "attempt_as_of",
                "params:model_name",
                "window_note",
            ],
            outputs=["retraining_summaries", "recalibration_run_facts", "recalibration_outcome"],
            name="summarize_recalibration",
        ),
        Node(
            rebuild_dashboard,
            inputs=[
                "recalibration_attempt",
                "promotion",
                "attempt_as_of",
                "monitoring_ledger",
                "retraining_ledger",
                "kept_digests",
                "saved_reports",
                "policy",
            ],
            outputs="dashboard",
            name="rebuild_dashboard",
        ),
    ]
