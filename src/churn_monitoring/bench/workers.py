"""Streams on all cores: each seed is a task of its own, and the first error ends the bench."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from threadpoolctl import threadpool_limits

from churn_monitoring.bench.scenarios import Scenario
from churn_monitoring.bench.streams import Bench, play_seed
from churn_monitoring.bench.tally import StreamOutcome


def play_all(
    bench: Bench,
    scenarios: Sequence[Scenario],
    seeds: Iterable[int],
    jobs: int | None = None,
    advance: Callable[[int], None] = lambda _streams: None,
) -> list[StreamOutcome]:
    """Play every scenario with every seed.

    Args:
        bench: where streams come from.
        scenarios: to play.
        seeds: of the streams.
        jobs: processes; the machine's cores where None, and this process alone for 1.
        advance: called with the number of streams whenever some are done.

    Returns:
        The outcomes in the order of seeds and scenarios, however many processes there were.
    """
    numbers = list(seeds)
    if jobs == 1:
        return [outcome for seed in numbers for outcome in _play(bench, scenarios, seed, advance)]
    outcomes: dict[int, list[StreamOutcome]] = {}
    with ProcessPoolExecutor(jobs or os.cpu_count(), initializer=_keep, initargs=(bench,)) as pool:
        futures = {pool.submit(_play_kept, scenarios, seed): seed for seed in numbers}
        for future in as_completed(futures):
            outcomes[futures[future]] = future.result()
            advance(len(scenarios))
    return [outcome for seed in numbers for outcome in outcomes[seed]]


_kept: list[Bench] = []


def _keep(bench: Bench) -> None:
    _kept[:] = [bench]


def _play_kept(scenarios: Sequence[Scenario], seed: int) -> list[StreamOutcome]:
    with threadpool_limits(1):  # a process per core: threads beside them only wait for each other
        return play_seed(_kept[0], scenarios, seed)


def _play(
    bench: Bench, scenarios: Sequence[Scenario], seed: int, advance: Callable[[int], None]
) -> list[StreamOutcome]:
    outcomes = play_seed(bench, scenarios, seed)
    advance(len(scenarios))
    return outcomes
