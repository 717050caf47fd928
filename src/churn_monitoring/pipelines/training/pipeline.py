"""Wires training; one template is instantiated per candidate."""

from kedro.pipeline import Node, Pipeline

from churn_monitoring.pipelines.policy import read_policy
from churn_monitoring.pipelines.training.nodes import (
    build_champion,
    choose_candidate,
    evaluate_candidate,
    fit_on_train,
    read_customers,
    select_customers,
    split_customers,
    summarize_candidate,
    summarize_training,
)

CANDIDATES = ("random_forest", "xgboost")


def create_candidate_pipeline(name: str) -> Pipeline:
    """Fit, evaluate and summarize one candidate, in its own namespace and nested run."""
    template = Pipeline(
        [
            Node(
                fit_on_train,
                inputs=["labelled_table", "split", "params:schema", "params:candidate", "params:seed"],
                outputs="model",
                name="fit_on_train",
            ),
            Node(
                evaluate_candidate,
                inputs=["model", "labelled_table", "split", "params:candidate", "policy"],
                outputs="candidate",
                name="evaluate_candidate",
            ),
            Node(summarize_candidate, inputs="candidate", outputs="run_facts", name="summarize_candidate"),
        ]
    )
    return Pipeline(
        template,
        namespace=name,
        inputs={"labelled_table", "split", "policy"},
        outputs={
            "model": f"{name}_model",
            "candidate": f"{name}_candidate",
            "run_facts": f"{name}_run_facts",
        },
        parameters={
            "params:schema": "params:schema",
            "params:candidate": f"params:training.candidates.{name}",
            "params:seed": "params:seed",
        },
        prefix_datasets_with_namespace=False,
    )


def create_pipeline() -> Pipeline:
    """From the customers table to a champion package in service."""
    before = Pipeline(
        [
            Node(read_policy, inputs="parameters", outputs="policy", name="read_policy"),
            Node(
                select_customers,
                inputs=[
                    "customers",
                    "deliveries",
                    "simulation_manifests",
                    "params:schema",
                    "params:simulation",
                ],
                outputs="training_customers",
                name="select_customers",
            ),
            Node(
                read_customers,
                inputs=["training_customers", "params:schema", "params:as_of", "params:customers"],
                outputs="labelled_table",
                name="read_customers",
            ),
            Node(
                split_customers,
                inputs=["labelled_table", "params:schema", "params:training", "params:seed"],
                outputs="split",
                name="split_customers",
            ),
        ]
    )
    after = Pipeline(
        [
            Node(
                choose_candidate,
                inputs=[*(f"{name}_candidate" for name in CANDIDATES), "params:performance_threshold"],
                outputs="chosen_candidate",
                name="choose_candidate",
            ),
            Node(
                build_champion,
                inputs=["chosen_candidate", "labelled_table", "split", "policy"],
                outputs="new_champion",
                name="build_champion",
            ),
            Node(
                summarize_training,
                inputs=["new_champion", "params:model_name"],
                outputs=["training_run_facts", "training_outcome"],
                name="summarize_training",
            ),
        ]
    )
    candidates = sum((create_candidate_pipeline(name) for name in CANDIDATES), Pipeline([]))
    return Pipeline([before, candidates, after], tags="training")
