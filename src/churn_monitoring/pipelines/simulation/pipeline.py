"""Wires the simulation: check, play, deliver."""

from kedro.pipeline import Node, Pipeline

from churn_monitoring.pipelines.simulation.nodes import check_folders, deliver, simulate_business


def create_pipeline() -> Pipeline:
    """From the scenario in YAML to what a business would deliver."""
    return Pipeline(
        [
            Node(
                check_folders,
                inputs=["raw_tables", "deliveries", "simulation_manifests", "params:simulation"],
                outputs="folders_are_ours",
                name="check_folders",
            ),
            Node(
                simulate_business,
                inputs=["folders_are_ours", "raw_tables", "params:schema", "params:simulation"],
                outputs="simulated",
                name="simulate_business",
            ),
            Node(
                deliver,
                inputs=["simulated", "params:simulation"],
                outputs=[
                    "simulation_manifest",
                    "simulated_customers",
                    "simulated_batches",
                    "simulated_labels",
                    "simulation_truth",
                ],
                name="deliver",
            ),
        ],
        tags="simulation",
    )
