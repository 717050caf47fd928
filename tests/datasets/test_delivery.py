"""From judgement to inbox, with a tracking database, a web server and a mail server that are really there."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from kedro.io import DatasetError

from churn_monitoring.alerting.lifecycle import Judged, News, Problem, follow
from churn_monitoring.alerting.messages import Occasion, write_messages
from churn_monitoring.core.alert_options import AlertOptions
from churn_monitoring.core.records import Alert
from churn_monitoring.datasets import delivery
from churn_monitoring.datasets.delivery import WITHDRAWN, Courier
from churn_monitoring.datasets.outbox import AlertHistoryDataset, find_pending, load_problems, mark_told, show_outbox
from churn_monitoring.datasets.run_facts import RunFactsDataset

from ..receivers import Received, serve_mail, serve_web

START, NOON = date(2026, 3, 2), datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "t0ps3cret"
NIGHT = {"from": "20:00", "to": "07:00", "time_zone": "UTC"}


def configure(**channels: Any) -> AlertOptions:
    told = {"reminder_days": 14, "quiet_batches": 2, "timeout_seconds": 5, "report_url": None}
    return AlertOptions(**told, channels=channels)


HOOK = configure(hook={"kind": "webhook", "severity": "warning"})


@pytest.fixture(autouse=True)
def only_here(experiment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "EXPERIMENTS", (experiment,))


@pytest.fixture
def judge(experiment: str) -> Callable[..., tuple[News, ...]]:
    """Judges the batch of a week as the pipeline does: problems and messages become part of a run."""
    import mlflow

    def make(week: int, found: Sequence[str], options: AlertOptions = HOOK, *, finish: bool = True) -> tuple[News, ...]:
        day, batch = START + timedelta(weeks=week), f"week {week}"
        alerts = [Alert(key, "warning", f"{key} was found.", 1.0, 0.5) for key in found]
        before = load_problems(experiment, "churn")
        problems, news = follow(before, Judged(batch, day, alerts), options.reminder_days, options.quiet_batches)
        occasion = Occasion("churn", "1", batch, day, "alert", "Look.", (), None)
        with mlflow.start_run(tags={"model_name": "churn"}) as run:
            RunFactsDataset().save(show_outbox(problems, write_messages(news, occasion, options.channels)))
        if not finish:
            mlflow.MlflowClient().set_terminated(run.info.run_id, "KILLED")
        return news

    return make


def deliver(address: str | None, options: AlertOptions = HOOK, now: datetime = NOON, **more: Any) -> None:
    addresses = dict.fromkeys(options.channels, address) if address else {}
    Courier(options, addresses, **more).deliver("churn", now)


def url(web: Received) -> str:
    return f"http://127.0.0.1:{web.port}/{SECRET}"


def kinds(web: Received) -> list[tuple[str, str]]:
    return [(one["batch"], item["kind"]) for one in web.payloads for item in one["items"]]


SIX_WEEKS = [
    ("week 1", "opened"), ("week 3", "reminder"), ("week 5", "reminder"), ("week 8", "resolved")
]  # fmt: skip


def test_a_drift_of_six_batches_is_one_opening_its_reminders_and_one_resolution_by_web_and_by_mail(judge: Any) -> None:
    options = configure(
        hook={"kind": "webhook", "severity": "warning"}, mail={"kind": "apprise", "severity": "warning"}
    )
    with serve_web() as web, serve_mail() as post:
        mail = f"mailto://127.0.0.1:{post.port}/?from=a@example.org&to=b@example.org&mode=insecure"
        courier = Courier(options, {"hook": url(web), "mail": mail})
        for week in range(11):
            judge(week, ["feature_drift"] if 1 <= week <= 6 else [], options)
            courier.deliver("churn", NOON)
    assert kinds(web) == SIX_WEEKS
    assert [subject for subject, _ in post.mails] == [
        "[churn] batch week 1: alert, warning",
        "[churn] batch week 3: alert, warning",
        "[churn] batch week 5: alert, warning",
        "[churn] batch week 8: resolved",
    ]


def test_with_the_server_down_nothing_is_lost_and_the_next_run_delivers_once_in_order(
    judge: Any, experiment: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_web() as gone:
        address = url(gone)
    for week in range(11):
        judge(week, ["feature_drift"] if 1 <= week <= 6 else [])
        deliver(address)
    assert len(find_pending([experiment], "churn")) == 4
    assert "Channel 'hook': the connection was refused or broken off" in caplog.text
    assert SECRET not in caplog.text
    with serve_web(gone.port) as back:
        deliver(address)
        assert kinds(back) == SIX_WEEKS
        deliver(address)
        assert kinds(back) == SIX_WEEKS
    assert len({one["id"] for one in back.payloads}) == 4
    assert find_pending([experiment], "churn") == []


def test_one_channel_that_is_down_does_not_hold_up_another(judge: Any) -> None:
    both = {name: {"kind": "webhook", "severity": "warning"} for name in ("down", "up")}
    with serve_web() as web:
        judge(0, ["feature_drift"], configure(**both))
        for _ in range(2):
            Courier(configure(**both), {"up": url(web)}).deliver("churn", NOON)
        assert [one["channel"] for one in web.payloads] == ["up"]
        Courier(configure(**both), {"up": url(web), "down": url(web)}).deliver("churn", NOON)
    assert [one["channel"] for one in web.payloads] == ["up", "down"]


def test_a_judgement_that_was_killed_has_told_nothing_and_done_again_tells_it_once(judge: Any) -> None:
    with serve_web() as web:
        judge(0, ["feature_drift"], finish=False)
        deliver(url(web))
        assert web.payloads == []
        judge(0, ["feature_drift"])
        deliver(url(web))
    assert kinds(web) == [("week 0", "opened")]


def test_killed_between_sending_and_noting_it_is_sent_again_under_the_same_id(
    judge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with serve_web() as web:
        judge(0, ["feature_drift"])
        with monkeypatch.context() as patched:
            patched.setattr(delivery, "mark_told", die)
            with pytest.raises(KeyboardInterrupt):
                deliver(url(web))
        for _ in range(2):
            deliver(url(web))
    assert kinds(web) == [("week 0", "opened")] * 2
    assert len({one["id"] for one in web.payloads}) == 1


def test_a_channel_that_failed_is_not_tried_again_by_the_same_process_for_a_while(
    judge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    down: dict[str, float] = {}
    with serve_web() as web:
        web.status = 500
        judge(0, ["feature_drift"])
        deliver(url(web), down=down)
        web.status = 200
        deliver(url(web), down=down)
        assert web.payloads == []
        monkeypatch.setattr(delivery, "RETRY_SECONDS", 0)
        deliver(url(web), down=down)
    assert len(web.payloads) == 1


def test_quiet_hours_hold_a_message_until_the_first_run_after_them(judge: Any) -> None:
    options = configure(hook={"kind": "webhook", "severity": "warning", "quiet_hours": NIGHT})
    with serve_web() as web:
        judge(0, ["feature_drift"], options)
        deliver(url(web), options, datetime(2026, 3, 2, 23, tzinfo=UTC))
        assert web.payloads == []
        deliver(url(web), options, datetime(2026, 3, 3, 7, tzinfo=UTC))
    assert len(web.payloads) == 1


def test_messages_to_a_channel_that_is_no_more_are_withdrawn(judge: Any, experiment: str) -> None:
    import mlflow

    judge(0, ["feature_drift"])
    deliver(None, configure())
    assert find_pending([experiment], "churn") == []
    (run,) = mlflow.MlflowClient().search_runs([mlflow.get_experiment_by_name(experiment).experiment_id])
    assert run.data.tags["told_hook"] == WITHDRAWN


def test_without_anything_open_no_file_is_kept_and_other_models_are_not_asked(judge: Any, experiment: str) -> None:
    judge(0, [])
    assert load_problems(experiment, "churn") == ()
    assert show_outbox((), ()) == {"tags": {"problems": "0", "outbox": "done"}}
    judge(1, ["feature_drift"])
    assert [problem.key for problem in load_problems(experiment, "churn")] == ["feature_drift"]
    assert load_problems(experiment, "telco") == ()
    assert find_pending([experiment, "never created"], "telco") == []


def test_an_artifact_that_is_lost_is_said_and_breaks_nothing(
    finish_run: Any, experiment: str, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = finish_run({"model_name": "churn", "problems": 2, "outbox": "pending"})
    history = AlertHistoryDataset(experiment=experiment, model_name="churn").load()
    assert history.find_problems() == ()
    assert history.find_alerts(run_id) == {}
    assert [pending.messages for pending in find_pending([experiment], "churn")] == [()]
    assert f"alerts.json of run {run_id} cannot be read" in caplog.text


def test_the_alerts_of_a_judgement_are_found_in_its_report(experiment: str) -> None:
    import mlflow

    report = {"alerts": [{"key": "drift", "severity": "warning"}, {"key": "season", "severity": "info"}]}
    with mlflow.start_run() as run:
        RunFactsDataset().save({"artifacts": {"report.json": report}})
    history = AlertHistoryDataset(experiment=experiment, model_name="churn").load()
    assert history.find_alerts(run.info.run_id) == {"drift": "warning", "season": "info"}


def test_problems_come_back_as_they_were_saved_and_the_history_is_not_written(finish_run: Any, experiment: str) -> None:
    import mlflow

    problem = Problem("drift", "critical", "m", "b1", START, "b2", START, ("b3",))
    with mlflow.start_run(tags={"model_name": "churn"}) as run:
        RunFactsDataset().save(show_outbox([problem], []))
    assert load_problems(experiment, "churn") == (problem,)
    mark_told(run.info.run_id, "slack")
    with pytest.raises(DatasetError, match="by finishing a run"):
        AlertHistoryDataset(experiment=experiment, model_name="churn").save(())
