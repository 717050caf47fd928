"""Wires monitoring: measure, judge, act."""

from kedro.pipeline import Node, Pipeline

from churn_monitoring.pipelines.monitoring import intake, nodes, outputs


def create_pipeline() -> Pipeline:
    """From the next waiting batch to its report."""
    return Pipeline([*_measure(), *_judge(), *_act()], tags="monitoring")


def _measure() -> list[Node]:
    return [
        Node(
            intake.choose_batch,
            inputs=["deliveries", "monitoring_ledger", "params:batch", "params:as_of"],
            outputs="batch",
            name="choose_batch",
        ),
        Node(intake.read_batch, inputs=["batch", "champion"], outputs="batch_rows", name="read_batch"),
        Node(
            nodes.score_batch,
            inputs=["batch", "batch_rows", "champion"],
            outputs=["scored_batch", "predictions"],
            name="score_batch",
        ),
        Node(
            nodes.profile_batch,
            inputs=["batch_rows", "scored_batch", "champion"],
            outputs="batch_profile",
            name="profile_batch",
        ),
        Node(
            nodes.gather_known_labels,
            inputs=["label_files", "batch", "champion"],
            outputs="known_labels",
            name="gather_known_labels",
        ),
        Node(
            nodes.measure_batch_quality,
            inputs=["batch_rows", "batch_profile", "champion", "known_labels", "params:quality"],
            outputs="batch_quality",
            name="measure_batch_quality",
        ),
        Node(
            nodes.measure_batch_drift,
            inputs=["batch_rows", "batch_profile", "champion", "params:drift", "params:drift_threshold"],
            outputs="batch_drift",
            name="measure_batch_drift",
        ),
        Node(
            nodes.estimate_batch_performance,
            inputs=["scored_batch", "champion", "params:performance"],
            outputs="estimated_performance",
            name="estimate_batch_performance",
        ),
        Node(
            nodes.gather_matured_batches,
            inputs=[
                "batch",
                "scored_batch",
                "kept_predictions",
                "monitoring_ledger",
                "known_labels",
                "params:labels",
            ],
            outputs="matured_batches",
            name="gather_matured_batches",
        ),
        Node(
            nodes.measure_matured_batches,
            inputs=["matured_batches", "champion", "params:performance", "params:concept"],
            outputs=["labelled_batches", "labelled_evidence"],
            name="measure_matured_batches",
        ),
    ]


def _judge() -> list[Node]:
    return [
        Node(
            nodes.gather_evidence,
            inputs=[
                "batch",
                "batch_profile",
                "batch_quality",
                "batch_drift",
                "labelled_evidence",
                "estimated_performance",
                "champion",
            ],
            outputs="evidence",
            name="gather_evidence",
        ),
        Node(
            nodes.raise_batch_alerts,
            inputs=[
                "evidence",
                "params:performance_threshold",
                "params:drift_share_threshold",
                "params:drift",
                "params:performance",
                "params:concept",
            ],
            outputs="alerts",
            name="raise_batch_alerts",
        ),
        Node(
            nodes.decide_batch_action,
            inputs=[
                "evidence",
                "alerts",
                "retraining_ledger",
                "params:retraining_cooldown_days",
                "params:concept",
            ],
            outputs="decision",
            name="decide_batch_action",
        ),
    ]


def _act() -> list[Node]:
    return [
        Node(
            outputs.build_reports,
            inputs=[
                "evidence",
                "alerts",
                "decision",
                "labelled_batches",
                "champion",
                "params:model_name",
                "saved_reports",
            ],
            outputs=["monitoring_reports", "reports"],
            name="build_reports",
        ),
        Node(
            outputs.render_pages,
            inputs=[
                "reports",
                "monitoring_ledger",
                "retraining_ledger",
                "params:performance_threshold",
                "params:drift_share_threshold",
            ],
            outputs="monitoring_pages",
            name="render_pages",
        ),
        Node(
            outputs.summarize_run,
            inputs=[
                "batch",
                "batch_rows",
                "evidence",
                "batch_drift",
                "labelled_batches",
                "decision",
                "reports",
                "monitoring_ledger",
                "champion",
                "params:model_name",
            ],
            outputs=["monitoring_run_facts", "monitoring_outcome"],
            name="summarize_run",
        ),
    ]
