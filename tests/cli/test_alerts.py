"""What `kedro alerts` prints of what is open and of what waits."""

import re
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from churn_monitoring.alerting.lifecycle import News, Problem
from churn_monitoring.alerting.messages import Occasion, write_messages
from churn_monitoring.cli.alerts import tell_open
from churn_monitoring.core.alert_options import ChannelOptions
from churn_monitoring.datasets import outbox

DAY = date(2026, 3, 2)
DRIFT = Problem("feature_drift", "warning", "Feature drift in [bold]age[/].", "b1", DAY, "b1", DAY)
BROKEN = Problem("data_quality:constant:plan", "critical", "plan is constant", "b2", DAY, "b2", DAY)


@pytest.fixture
def policy() -> Any:
    return SimpleNamespace(model_name="churn")


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(problems: tuple[Problem, ...], pending: list[Any]) -> None:
        by_experiment = {"ChurnPrediction-Monitoring": problems}
        monkeypatch.setattr(outbox, "load_problems", lambda name, _model: by_experiment.get(name, ()))
        monkeypatch.setattr(outbox, "find_pending", lambda *_: pending)

    return make


def test_the_worst_comes_first_on_a_line_of_its_own_and_markup_is_text(
    keep: Any, policy: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    occasion = Occasion("churn", "1", "b1", DAY, "alert", "Look.", (), None)
    channels = {"slack": ChannelOptions(kind="apprise", severity="warning")}
    keep(
        (DRIFT, BROKEN),
        [outbox.Pending("run", write_messages([News("opened", DRIFT)], occasion, channels), frozenset())],
    )
    tell_open(policy)
    assert capsys.readouterr().out.splitlines() == [
        "critical  since 2026-03-02, told 2026-03-02  data_quality:constant:plan: plan is constant",
        "warning   since 2026-03-02, told 2026-03-02  feature_drift: Feature drift in [bold]age[/].",
        "Messages to send: 1 to slack",
    ]


def test_in_a_terminal_it_is_a_table(
    keep: Any, policy: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keep((DRIFT,), [])
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    tell_open(policy)
    told = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)  # without its colours
    assert told.split()[:2] == ["severity", "problem"]
    assert "[bold]age" in told


def test_when_nothing_is_open_it_says_so(keep: Any, policy: Any, capsys: pytest.CaptureFixture[str]) -> None:
    keep((), [])
    tell_open(policy)
    assert capsys.readouterr().out == "No problem is open.\n"
