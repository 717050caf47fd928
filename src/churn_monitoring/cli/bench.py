"""``kedro bench``: how often the verdict is right under the present parameters, on changes made on purpose."""

from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.utils import _split_params

from churn_monitoring.cli.sessions import check_environment, find_project, open_context, plain_errors
from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.parameters import read_parameters

FOLDER = Path("data") / "08_reporting" / "bench"


@click.command()
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
@click.option("--seeds", default=5, show_default=True, help="Streams of each scenario.")
@click.option("--scenarios", default=None, help="Names separated by commas; all where none is given.")
@click.option("--rows", default=None, type=int, help="Rows of a batch; simulation.batch_rows where not given.")
@click.option("--jobs", default=None, type=int, help="Processes; one per core where not given.")
@click.option("--params", default="", callback=_split_params, help="Parameters that differ, as in `kedro run`.")
def bench(
    env: str | None, seeds: int, scenarios: str | None, rows: int | None, jobs: int | None, params: dict[str, Any]
) -> None:
    """Inject known changes into your own table or the simulated world, and count right and wrong verdicts."""
    with plain_errors():
        check_environment(env)
        with open_context(env, params) as context:
            values = read_parameters(context.params).model_dump(mode="json", by_alias=True)
            source = values["simulation"]["source"]
            table = _load_table(context, values) if source == "replay" else None
        play_bench(values, table, seeds, scenarios, rows, jobs)


def play_bench(
    values: dict[str, Any], table: Any, seeds: int, names: str | None, rows: int | None, jobs: int | None
) -> None:
    """Play, print the table and save it as JSON and Markdown."""
    import json

    from rich.progress import Progress

    from churn_monitoring.bench.scenarios import SCENARIOS, find_scenarios
    from churn_monitoring.bench.streams import Bench
    from churn_monitoring.bench.summary import render_markdown, show_summary, summarize_bench
    from churn_monitoring.bench.workers import play_all
    from churn_monitoring.datasets.files import show_path, write_atomically

    try:
        chosen = find_scenarios(names)
    except KeyError as error:
        known = ", ".join(scenario.name for scenario in SCENARIOS)
        raise ConfigurationError(f"There is no scenario '{error.args[0]}' (there are: {known}).") from error
    batch_rows = rows or values["simulation"]["batch_rows"]
    source = Bench(values, table, batch_rows, {"returning_share": values["simulation"]["returning_share"]})
    with Progress(transient=True) as progress:
        task = progress.add_task("streams", total=len(chosen) * seeds)
        outcomes = play_all(source, chosen, range(1, seeds + 1), jobs, lambda done: progress.advance(task, done))
    summary = summarize_bench(chosen, outcomes, values["false_alarms_per_year"]["batches_per_year"])
    told = {"source": values["simulation"]["source"], "rows": batch_rows, "seeds": seeds}
    name = f"{told['source']}-{values['model_name']}-{batch_rows}"
    text = render_markdown(summary)
    folder = find_project() / FOLDER
    document = json.dumps(show_summary(summary, told), indent=2) + "\n"
    write_atomically(folder / f"{name}.json", lambda stream: stream.write(document.encode()))
    write_atomically(folder / f"{name}.md", lambda stream: stream.write(f"{text}\n".encode()))
    click.echo(text)
    click.echo(f"\nSaved: {show_path(folder / f'{name}.json')} and .md")


def _load_table(context: Any, values: dict[str, Any]) -> Any:
    tables, name = context.catalog.load("raw_tables"), values["simulation"]["table"]
    if name not in tables:
        raise ConfigurationError(f"data/01_raw/{name}.csv does not exist: put the table to replay there.")
    return tables[name]()
