"""The table of a bench: per kind of change and over all, calibrated beside literal, every rate with its interval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

from churn_monitoring.bench.scenarios import Scenario
from churn_monitoring.bench.tally import (
    Rate,
    StreamOutcome,
    count_quiet,
    count_wrong,
    measure_share,
    measure_yearly,
)
from churn_monitoring.core.records import Action

NOISE: frozenset[Action] = frozenset({"alert", "fix_data", "retrain"})
RETRAINING: frozenset[Action] = frozenset({"retrain"})


@dataclass(frozen=True)
class Line:
    """What the streams of one scenario amount to.

    Attributes:
        scenario: its name, and ``title`` in words.
        action: the right one.
        streams: seeds played.
        batches: judged in all of them.
        wrong: share of batches with an action that was not right.
        wrong_spec: the same by the literal rules.
        in_time: share of streams answered by the deadline; None where nothing is to be detected.
        delay: median batches from the first that could know to the answer.
        retrained: share of batches on which retraining was decided.
        estimate_error: mean absolute error of the estimated ROC-AUC from the change on.
    """

    scenario: str
    title: str
    action: Action
    streams: int
    batches: int
    wrong: Rate
    wrong_spec: Rate
    in_time: Rate | None
    delay: float | None
    retrained: Rate
    estimate_error: float | None


@dataclass(frozen=True)
class Summary:
    """All lines, and what they amount to over quiet batches and over all."""

    lines: tuple[Line, ...]
    false_alarms: Rate
    false_retrainings: Rate
    false_alarms_a_year: Rate
    false_retrainings_a_year: Rate
    wrong: Rate
    spec_false_alarms: Rate
    spec_false_retrainings_a_year: Rate
    spec_wrong: Rate


def summarize_bench(
    scenarios: Sequence[Scenario], outcomes: Sequence[StreamOutcome], batches_per_year: float
) -> Summary:
    """Count the outcomes of all streams; false alarms and retrainings are those of streams without anything to find."""
    lines = tuple(
        _summarize_line(scenario, [one for one in outcomes if one.scenario == scenario.name]) for scenario in scenarios
    )
    loud, quiet = count_quiet(outcomes, NOISE)
    retrained, _ = count_quiet(outcomes, RETRAINING)
    spec_loud, _ = count_quiet(outcomes, NOISE, spec=True)
    spec_retrained, _ = count_quiet(outcomes, RETRAINING, spec=True)
    years = max(quiet, 1) / batches_per_year
    return Summary(
        lines=lines,
        false_alarms=measure_share(loud, quiet),
        false_retrainings=measure_share(retrained, quiet),
        false_alarms_a_year=measure_yearly(loud, years),
        false_retrainings_a_year=measure_yearly(retrained, years),
        wrong=measure_share(*count_wrong(outcomes)),
        spec_false_alarms=measure_share(spec_loud, quiet),
        spec_false_retrainings_a_year=measure_yearly(spec_retrained, years),
        spec_wrong=measure_share(*count_wrong(outcomes, spec=True)),
    )


def show_summary(summary: Summary, told: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values for a JSON file; ``told`` says where the streams came from."""
    return {**told, **asdict(summary)}


def render_markdown(summary: Summary) -> str:
    """The summary as two Markdown tables: per change, and over all."""
    head = ("change", "right action", "in time", "delay", "wrong batches", "literal rules wrong", "retrained", "off by")
    return "\n".join([_row(*head), _rule(head), *map(_show_line, summary.lines), "", *_show_whole(summary)])


def _show_line(line: Line) -> str:
    return _row(
        line.title,
        f"`{line.action}`",
        show_rate(line.in_time),
        _show(line.delay, ".0f"),
        show_rate(line.wrong),
        show_rate(line.wrong_spec),
        show_rate(line.retrained),
        _show(line.estimate_error, ".3f"),
    )


def _show_whole(summary: Summary) -> list[str]:
    head = ("over all", "calibrated", "literal rules")
    return [
        _row(*head),
        _rule(head),
        _row("wrong batches", show_rate(summary.wrong), show_rate(summary.spec_wrong)),
        _row("quiet batches with any action", show_rate(summary.false_alarms), show_rate(summary.spec_false_alarms)),
        _row(
            "false retrainings a year",
            show_yearly(summary.false_retrainings_a_year),
            show_yearly(summary.spec_false_retrainings_a_year),
        ),
        _row("false alarms a year", show_yearly(summary.false_alarms_a_year), ""),
    ]


def show_rate(rate: Rate | None) -> str:
    """A share with its interval and counts.

    >>> show_rate(measure_share(1, 20))
    '1 of 20 = 5.0 % (0.9 to 23.6)'
    """
    if rate is None:
        return ""
    interval = f"({rate.low * 100:.1f} to {rate.high * 100:.1f})"
    return f"{rate.count} of {rate.of:.0f} = {rate.value * 100:.1f} % {interval}"


def show_yearly(rate: Rate) -> str:
    """A yearly rate with its interval and counts.

    >>> show_yearly(measure_yearly(0, 20.0))
    '0 in 20.0 years = 0.00 (0.00 to 0.18)'
    """
    return f"{rate.count} in {rate.of:.1f} years = {rate.value:.2f} ({rate.low:.2f} to {rate.high:.2f})"


def _summarize_line(scenario: Scenario, outcomes: Sequence[StreamOutcome]) -> Line:
    wrong, batches = count_wrong(outcomes)
    wrong_spec, _ = count_wrong(outcomes, spec=True)
    told = [one.in_time for one in outcomes if one.in_time is not None]
    delays = [one.detected_after for one in outcomes if one.detected_after is not None]
    errors = [abs(error) for one in outcomes for error in one.estimate_errors]
    retrained = sum(
        action == "retrain" for one in outcomes for action, quiet in _judged(one) if one.in_time is None or not quiet
    )
    return Line(
        scenario=scenario.name,
        title=scenario.title,
        action=scenario.action,
        streams=len(outcomes),
        batches=batches,
        wrong=measure_share(wrong, batches),
        wrong_spec=measure_share(wrong_spec, batches),
        in_time=measure_share(sum(told), len(told)) if told else None,
        delay=float(median(delays)) if delays else None,
        retrained=measure_share(retrained, batches),
        estimate_error=fmean(errors) if errors else None,
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(head: tuple[str, ...]) -> str:
    return _row(*["---"] * len(head))


def _judged(one: StreamOutcome) -> Iterator[tuple[Action, bool]]:
    return zip(one.actions, one.quiet, strict=True)


def _show(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
