"""A promoted champion on its first batches: which of them are watched, on what, and when its predecessor is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import NoChampion
from churn_monitoring.core.records import Attempt, Estimate, Evidence, LedgerEntry, Probation, Quality
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.labels import LabelTable
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.maturing import Logs
from churn_monitoring.pipelines.monitoring.measuring import score_batch
from churn_monitoring.pipelines.monitoring.probation import find_watched, gather_watched_batches, watch_probation
from churn_monitoring.promotion.probation import name_metrics

FIRST = date(2026, 3, 2)
PROMOTED = Attempt("run", date(2026, 2, 23), "retraining", "promoted", "2", "3")
COUNT = 600


class OlderStay:
    """A model that learned flipped labels: the older, the likelier to stay."""

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        score = 1 / (1 + np.exp((rows["age"].fillna(40).to_numpy(float) - 50) / 8))
        return np.column_stack([1 - score, score])


def week(number: int) -> date:
    return FIRST + timedelta(weeks=number)


@dataclass
class Stream:
    """Weeks of one champion, each judged in turn, labels ``delay`` weeks late; remembers what a project would."""

    champion: ChampionPackage
    policy: Any
    draw: Callable[..., pd.DataFrame]
    load_version: Callable[[str], ChampionPackage]
    delay: int = 0
    attempts: Sequence[Attempt] = (PROMOTED,)

    def __post_init__(self) -> None:
        self.ledger: list[LedgerEntry] = []
        self.logs = Logs({}, {})

    def judge(self, number: int, *, status: Any = "ok", alike: bool = False) -> Probation | None:
        """What is known of the probation on the batch of this week; customers may all be nearly of one age."""
        day, name = week(number), week(number).isoformat()
        drawn = self.draw(COUNT, 100 + number)
        drawn["age"] = 50 + (drawn["age"] - 44) / 8 if alike else drawn["age"]
        rows = BatchRows(drawn.drop(columns="label"), drawn["label"] if not self.delay else drawn["label"] * np.nan)
        batch = Batch(name, day, day, None)  # type: ignore[arg-type]
        scored, _, features = score_batch(batch, rows, self.champion)
        evidence = Evidence(name, day, COUNT, Quality(status), (), None, (), 3000, self.champion.roc_auc)
        watched = find_watched(
            evidence, batch, self.ledger, self.attempts, self.champion, self.load_version, self.policy
        )
        labels = self._know(number)
        known = gather_watched_batches(watched, batch, rows, scored, self.logs, labels, self.policy)
        evidence = watch_probation(evidence, known, self.ledger, self.load_version, self.policy)
        self.logs = Logs(
            {**self.logs.predictions, name: lambda: scored},
            {**self.logs.features, name: lambda: features[name]},
        )
        metrics = name_metrics(evidence.probation)
        action = "fix_data" if status == "failed" else "none"
        told = (day, action, False, self.champion.version, 0, 0, "", metrics)
        self.ledger.append(LedgerEntry("run", name, day, *told))  # type: ignore[arg-type]
        return evidence.probation

    def _know(self, number: int) -> LabelTable:
        numbers = range(number - self.delay + 1) if self.delay else ()
        tables = [
            pd.DataFrame({"id": rows["customer"], "label": rows["label"], "batch": week(past).isoformat()})
            for past, rows in ((past, self.draw(COUNT, 100 + past)) for past in numbers)
        ]
        empty = pd.DataFrame({"id": [], "label": [], "batch": []}, dtype=object)
        return LabelTable(pd.concat(tables, ignore_index=True) if tables else empty)


def refuse(version: str) -> ChampionPackage:
    raise AssertionError(f"version {version} was loaded without need")


@pytest.fixture(scope="session")
def promoted(champion: ChampionPackage, draw_rows: Callable[..., pd.DataFrame]) -> ChampionPackage:
    """The champion of these tests as version 3, which a comparison put in service."""
    auc = {"value": 0.77, "low": 0.74, "high": 0.80}
    return replace(
        champion,
        version="3",
        reference=champion.reference.assign(part="comparison"),
        metrics={**champion.metrics, "holdout": {"roc_auc": auc}},
        facts={**champion.facts, "window_batches": ["2026-02-16"]},
    )


@pytest.fixture
def stream(promoted: ChampionPackage, parameters: Any, draw_rows: Callable[..., pd.DataFrame]) -> Callable[..., Stream]:
    def make(champion: ChampionPackage = promoted, load: Any = refuse, policy: Any = parameters, **told: Any) -> Stream:
        return Stream(champion, policy, draw_rows, load, **told)

    return make


@pytest.fixture(scope="session")
def poisoned(promoted: ChampionPackage) -> ChampionPackage:
    """It promised as much on flipped labels, and ranks customers the wrong way round."""
    return replace(promoted, model=OlderStay())


def test_a_champion_that_keeps_its_promise_is_watched_on_four_batches_and_the_one_before_is_never_loaded(
    stream,
) -> None:
    weeks = stream()
    told = [weeks.judge(number) for number in range(6)]
    assert [len(each.batches) if each else None for each in told] == [1, 2, 3, 4, None, None]
    assert [each.to_come for each in told[:4]] == [3, 2, 1, 0]
    assert all(each.basis == "realized" and each.looked and each.previous is None for each in told[:4])
    assert told[3].rows == 4 * COUNT
    assert told[3].promised == Estimate(0.77, 0.74, 0.80)


def test_a_poisoned_champion_falls_short_at_once_and_its_predecessor_is_compared_on_the_same_rows(
    stream, poisoned, champion
) -> None:
    asked: list[str] = []

    def load(version: str) -> ChampionPackage:
        asked.append(version)
        return champion

    told = stream(poisoned, load).judge(0)
    assert asked == ["2"]
    assert (told.version, told.previous_version, told.rows) == ("3", "2", COUNT)
    assert told.found.high < 0.4
    assert told.previous.value == pytest.approx(1 - told.found.value, abs=1e-9)


def test_a_predecessor_that_cannot_be_loaded_is_said(stream, poisoned) -> None:
    def load(version: str) -> ChampionPackage:
        raise NoChampion(f"no version {version}")

    told = stream(poisoned, load).judge(0)
    assert (told.previous, told.unasked) == (None, "no version 2")


def test_without_labels_the_scores_are_watched_and_late_labels_have_looks_of_their_own(stream) -> None:
    weeks = stream(delay=4)
    told = [weeks.judge(number) for number in range(9)]
    assert [each.basis if each else None for each in told] == ["estimated"] * 4 + ["realized"] * 4 + [None]
    assert [len(each.batches) for each in told[:8]] == [1, 2, 3, 4, 1, 2, 3, 4]
    assert [each.to_mature for each in told[:8]] == [1, 2, 3, 4, 3, 2, 1, 0]
    assert all(each.looked for each in told[:8])


def test_the_estimate_is_what_customers_alike_realize_and_falls_with_a_mix_that_is_harder_to_rank(
    stream, promoted
) -> None:
    usual, realized = stream(delay=9).judge(0), stream().judge(0)
    assert usual.found.value == pytest.approx(realized.found.value, abs=0.03)
    assert usual.p_value > 0.1
    hard = stream(delay=9, load=lambda _: promoted).judge(0, alike=True)
    assert hard.found.value < 0.62
    assert hard.p_value < 0.00125


def test_what_the_one_before_expects_is_what_it_showed_on_the_comparison_rows_and_not_what_it_thinks_of_itself(
    stream, promoted, champion
) -> None:
    same = stream(delay=9, load=lambda _: champion).judge(0, alike=True)
    assert same.previous == same.found
    wrong = stream(delay=9, load=lambda _: replace(champion, model=OlderStay())).judge(0, alike=True)
    assert wrong.previous.value < 0.5


def test_a_broken_batch_is_no_look_and_not_watched(stream) -> None:
    weeks = stream()
    told = [weeks.judge(number, status="failed" if number == 1 else "ok") for number in range(5)]
    assert [len(each.batches) if each else None for each in told] == [1, None, 2, 3, 4]
    assert "2026-03-09" not in told[-1].batches


def test_between_looks_the_numbers_are_shown_and_nobody_is_asked(stream, poisoned) -> None:
    weeks = stream(poisoned, delay=2)
    weeks.load_version = lambda _: poisoned
    told = [weeks.judge(number) for number in range(3)]
    weeks.load_version = refuse
    weeks.ledger.pop()
    weeks.ledger.append(replace(weeks.ledger[-1], batch_id="2026-03-15", metrics=name_metrics(told[-1])))
    again = weeks.judge(2)
    assert (again.basis, again.looked, again.previous) == ("realized", False, None)


def test_judging_the_same_batch_again_is_the_same_look(stream) -> None:
    weeks = stream()
    assert weeks.judge(0) == weeks.judge(0)


@pytest.mark.parametrize("case", ["switched off", "trained", "no promise", "learned from"])
def test_nothing_is_watched_where_there_is_no_promise_to_keep(stream, promoted, change, case: str) -> None:
    off = change(probation={"enabled": False})
    weeks = {
        "switched off": lambda: stream(policy=off),
        "trained": lambda: stream(attempts=()),
        "no promise": lambda: stream(replace(promoted, metrics={"reference": promoted.metrics["reference"]})),
        "learned from": lambda: stream(replace(promoted, facts={**promoted.facts, "window_batches": ["2026-03-02"]})),
    }[case]()
    assert weeks.judge(0) is None


def test_labels_that_never_come_end_the_watch_a_window_later(stream, change) -> None:
    weeks = stream(delay=99, policy=change(labels={"window_batches": 2}, probation={"batches": 1}))
    told = [weeks.judge(number) for number in range(5)]
    assert [each is not None for each in told] == [True, True, True, False, False]
    assert [each.looked for each in told[:3]] == [True, False, False]


def test_a_recalibration_does_not_end_the_watch_and_the_promise_is_that_of_the_promotion(
    stream, promoted, poisoned, champion
) -> None:
    weeks = stream()
    assert weeks.judge(0).version == "3"
    renewed = {"roc_auc": {"value": 0.5, "low": 0.4, "high": 0.6}}
    told = {"window_batches": ["2026-03-02", "2026-03-09"], "recalibrated_from": "3"}
    weeks.champion = replace(
        poisoned, version="4", metrics={**poisoned.metrics, "holdout": renewed}, facts={**poisoned.facts, **told}
    )
    weeks.attempts = (PROMOTED, Attempt("run", week(0), "recalibration", "recalibrated", "3", "4"))
    weeks.load_version = {"2": champion, "3": promoted}.__getitem__
    second = weeks.judge(1)
    assert (second.version, second.previous_version) == ("4", "2")
    assert second.promised == Estimate(0.77, 0.74, 0.80)
    assert second.batches == ("2026-03-02", "2026-03-09")
    assert second.previous.value > second.found.value
