"""Wires monitoring: measure, judge, act."""

from kedro.pipeline import Node, Pipeline

from churn_monitoring.pipelines.dashboard import build_dashboard
from churn_monitoring.pipelines.monitoring import (
    arriving,
    intake,
    judging,
    maturing,
    measuring,
    outputs,
    picturing,
    probation,
    telling,
)
from churn_monitoring.pipelines.policy import adopt_policy


def create_pipeline() -> Pipeline:
    """From the next waiting batch to its report."""
    return Pipeline([*_open(), *_measure(), *_ask_labels(), *_judge(), *_act(), *_draw()], tags="monitoring")


def _open() -> list[Node]:
    return [
        Node(adopt_policy, inputs=["parameters", "champion"], outputs="policy", name="adopt_policy"),
        Node(
            intake.choose_batch,
            inputs=["deliveries", "monitoring_ledger", "params:batch", "params:as_of"],
            outputs="batch",
            name="choose_batch",
        ),
        Node(intake.plan_batch_scan, inputs=["champion", "policy"], outputs="scan_plan", name="plan_batch_scan"),
        Node(
            intake.read_batch, inputs=["batch", "scan_plan"], outputs=["batch_rows", "predictions"], name="read_batch"
        ),
        Node(
            measuring.score_batch,
            inputs=["batch", "batch_rows", "champion"],
            outputs=["scored_batch", "prediction_log", "feature_log"],
            name="score_batch",
        ),
        Node(
            maturing.gather_known_labels,
            inputs=["label_files", "batch", "champion", "monitoring_ledger", "policy"],
            outputs="known_labels",
            name="gather_known_labels",
        ),
    ]


def _measure() -> list[Node]:
    return [
        Node(
            measuring.profile_batch,
            inputs=["batch", "batch_rows", "scored_batch", "champion", "monitoring_ledger", "kept_features"],
            outputs="batch_profile",
            name="profile_batch",
        ),
        Node(
            measuring.measure_batch_drift,
            inputs=["batch_rows", "batch_profile", "champion", "policy"],
            outputs="batch_drift",
            name="measure_batch_drift",
        ),
        Node(
            measuring.measure_batch_quality,
            inputs=["batch_rows", "batch_profile", "batch_drift", "champion", "known_labels", "policy"],
            outputs="batch_quality",
            name="measure_batch_quality",
        ),
        Node(
            maturing.estimate_batch_performance,
            inputs=["batch_rows", "scored_batch", "batch_quality", "champion", "policy"],
            outputs="estimated_performance",
            name="estimate_batch_performance",
        ),
    ]


def _ask_labels() -> list[Node]:
    return [
        Node(
            maturing.pair_logs,
            inputs=["kept_predictions", "kept_samples", "kept_features"],
            outputs="logs",
            name="pair_logs",
        ),
        Node(
            maturing.gather_matured_batches,
            inputs=[
                "batch",
                "batch_rows",
                "scored_batch",
                "batch_quality",
                "logs",
                "monitoring_ledger",
                "known_labels",
                "policy",
            ],
            outputs="matured_batches",
            name="gather_matured_batches",
        ),
        Node(
            maturing.measure_matured_batches,
            inputs=["matured_batches", "champion", "monitoring_ledger", "policy"],
            outputs="labelled_batches",
            name="measure_matured_batches",
        ),
        Node(
            arriving.check_arrival,
            inputs=["batch", "batch_rows", "matured_batches", "monitoring_ledger", "params:as_of", "policy"],
            outputs="arrival",
            name="check_arrival",
        ),
    ]


def _judge() -> list[Node]:
    return [
        Node(
            judging.gather_evidence,
            inputs=[
                "batch",
                "batch_profile",
                "batch_quality",
                "batch_drift",
                "labelled_batches",
                "estimated_performance",
                "champion",
                "arrival",
            ],
            outputs="first_evidence",
            name="gather_evidence",
        ),
        Node(
            maturing.ask_probe,
            inputs=["first_evidence", "matured_batches", "champion", "monitoring_ledger", "policy"],
            outputs="probed_evidence",
            name="ask_probe",
        ),
        *_watch(),
        Node(
            judging.decide_batch_action,
            inputs=["evidence", "retraining_ledger", "policy"],
            outputs="judgement",
            name="decide_batch_action",
        ),
    ]


def _watch() -> list[Node]:
    return [
        Node(
            probation.find_watched,
            inputs=[
                "probed_evidence",
                "batch",
                "monitoring_ledger",
                "retraining_ledger",
                "champion",
                "model_versions",
                "policy",
            ],
            outputs="watched",
            name="find_watched",
        ),
        Node(
            probation.gather_watched_batches,
            inputs=["watched", "batch", "batch_rows", "scored_batch", "logs", "known_labels", "policy"],
            outputs="watched_batches",
            name="gather_watched_batches",
        ),
        Node(
            probation.watch_probation,
            inputs=["probed_evidence", "watched_batches", "monitoring_ledger", "model_versions", "policy"],
            outputs="evidence",
            name="watch_probation",
        ),
    ]


def _act() -> list[Node]:
    return [
        Node(
            outputs.keep_evidence,
            inputs=["judgement", "batch_profile"],
            outputs="evidence_log",
            name="keep_evidence",
        ),
        Node(
            outputs.measure_track_record,
            inputs=["monitoring_ledger", "labelled_batches"],
            outputs="track_record",
            name="measure_track_record",
        ),
        Node(
            outputs.build_reports,
            inputs=[
                "judgement",
                "batch_drift",
                "labelled_batches",
                "track_record",
                "champion",
                "policy",
                "saved_reports",
                "retraining_ledger",
            ],
            outputs=["monitoring_reports", "reports"],
            name="build_reports",
        ),
        Node(
            outputs.summarize_run,
            inputs=[
                "batch",
                "batch_rows",
                "judgement",
                "batch_drift",
                "labelled_batches",
                "reports",
                "monitoring_ledger",
                "champion",
                "policy",
            ],
            outputs=["monitoring_run_facts", "monitoring_outcome"],
            name="summarize_run",
        ),
        *_tell(),
    ]


def _tell() -> list[Node]:
    return [
        Node(
            telling.follow_problems,
            inputs=["batch", "judgement", "arrival", "reports", "monitoring_ledger", "alert_history", "policy"],
            outputs="alert_facts",
            name="follow_problems",
        ),
    ]


def _draw() -> list[Node]:
    return [
        Node(
            picturing.picture_batch,
            inputs=["batch", "judgement", "batch_profile", "champion", "policy"],
            outputs=["pictures", "picture"],
            name="picture_batch",
        ),
        Node(
            outputs.trace_history,
            inputs=["batch", "reports", "monitoring_ledger", "retraining_ledger", "kept_digests", "saved_reports"],
            outputs=["digests", "history"],
            name="trace_history",
        ),
        Node(
            outputs.render_pages,
            inputs=["batch", "reports", "history", "picture", "kept_pictures", "policy"],
            outputs="monitoring_pages",
            name="render_pages",
        ),
        Node(build_dashboard, inputs=["history", "policy"], outputs="dashboard", name="build_dashboard"),
    ]
