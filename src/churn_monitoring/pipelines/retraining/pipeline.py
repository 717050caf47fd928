"""Wires retraining; one template is instantiated per candidate."""

from kedro.pipeline import Node, Pipeline

from churn_monitoring.pipelines import matured
from churn_monitoring.pipelines.dashboard import rebuild_dashboard
from churn_monitoring.pipelines.policy import adopt_policy
from churn_monitoring.pipelines.retraining import nodes, promotion, summary

CANDIDATES = ("random_forest", "xgboost")


def create_pipeline() -> Pipeline:
    """From matured labels to a promotion, or to the reason why there is none."""
    challengers = sum((create_challenger_pipeline(name) for name in CANDIDATES), Pipeline([]))
    return Pipeline([Pipeline(_gather()), challengers, Pipeline(_judge())], tags="retraining")


def create_challenger_pipeline(name: str) -> Pipeline:
    """Fit and summarize one challenger, in its own namespace and nested run."""
    template = Pipeline(
        [
            Node(
                nodes.fit_challenger,
                inputs=[
                    "window",
                    "window_check",
                    "champion_to_beat",
                    "params:candidate",
                    "policy",
                ],
                outputs="challenger",
                name="fit_challenger",
            ),
            Node(
                nodes.summarize_challenger,
                inputs=["challenger", "params:retraining"],
                outputs="run_facts",
                name="summarize_challenger",
            ),
        ]
    )
    return Pipeline(
        template,
        namespace=name,
        inputs={"window", "window_check", "champion_to_beat", "policy"},
        outputs={"challenger": f"{name}_challenger", "run_facts": f"{name}_run_facts"},
        parameters={
            "params:candidate": f"params:training.candidates.{name}",
            "params:retraining": "params:retraining",
        },
    )


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
            nodes.find_window,
            inputs=["window_batches", "monitoring_ledger", "champion_to_beat", "used_comparison_rows", "policy"],
            outputs="window",
            name="find_window",
        ),
        Node(
            nodes.check_window,
            inputs=["window", "champion_to_beat", "params:quality", "params:retraining"],
            outputs="window_check",
            name="check_window",
        ),
    ]


def _judge() -> list[Node]:
    challengers = [f"{name}_challenger" for name in CANDIDATES]
    return [
        Node(
            promotion.compare_with_champion,
            inputs=[
                *challengers,
                "window",
                "window_check",
                "champion_to_beat",
                "retraining_ledger",
                "policy",
            ],
            outputs="judgement",
            name="compare_with_champion",
        ),
        Node(
            promotion.build_promotion,
            inputs=[
                "judgement",
                *challengers,
                "window",
                "champion_to_beat",
                "attempt_as_of",
                "policy",
            ],
            outputs="promotion",
            name="build_promotion",
        ),
        Node(
            summary.summarize_attempt,
            inputs=[
                "judgement",
                "window",
                "window_check",
                "promotion",
                "monitoring_ledger",
                "retraining_ledger",
                "attempt_as_of",
                "params:model_name",
                "window_note",
            ],
            outputs=["retraining_summaries", "retraining_run_facts", "retraining_outcome"],
            name="summarize_attempt",
        ),
        Node(
            rebuild_dashboard,
            inputs=[
                "judgement",
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
