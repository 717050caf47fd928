"""Draws ROC-AUC, decisions and drift share of all monitored batches, as the project's ledgers have them.

python benchmarks/draw_timeline.py docs/images/timeline.png        # in the project's folder; --env as for kedro
"""

import argparse
from pathlib import Path

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from churn_monitoring.reporting.figures import draw_timeline
from churn_monitoring.reporting.history import build_history


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the timeline of this project's monitored batches.")
    parser.add_argument("image", type=Path, help="PNG or SVG to write.")
    parser.add_argument("--env", default=None, help="Configuration environment, a folder of conf/.")
    asked = parser.parse_args()
    bootstrap_project(Path.cwd())
    with KedroSession.create(project_path=Path.cwd(), env=asked.env) as session:
        context = session.load_context()
        ledger, attempts = (context.catalog.load(name) for name in ("monitoring_ledger", "retraining_ledger"))
        figure = draw_timeline(
            build_history(ledger, attempts, {}),
            performance_threshold=context.params["performance_threshold"],
            drift_share_threshold=context.params["drift_share_threshold"],
        )
    asked.image.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(asked.image)
    print(f"{asked.image}: {len(ledger)} batches, {len(attempts)} attempts.")


if __name__ == "__main__":
    main()
