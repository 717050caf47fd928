"""The commands a person or cron types, beside and over Kedro's own.

run        Kedro's, with errors as sentences, and simulated customers where none are given
cycle      every waiting batch, with retraining where decided
alerts     open problems, and whether the channels work
status     who is in service, what was found, what is waiting
rollback   the previous champion back in service
demo       a simulated year through the whole loop
bench      how often the verdict is right, on changes made on purpose
backtest   what saved batches would have been judged as under other parameters
"""

import click

from churn_monitoring.cli.alerts import alerts
from churn_monitoring.cli.backtest import backtest
from churn_monitoring.cli.bench import bench
from churn_monitoring.cli.cycle import cycle
from churn_monitoring.cli.demo import demo
from churn_monitoring.cli.rollback import rollback
from churn_monitoring.cli.run import run
from churn_monitoring.cli.status import status


@click.group()
def cli() -> None:
    """Churn monitoring."""


for command in (run, cycle, status, alerts, rollback, demo, bench, backtest):
    cli.add_command(command)
