"""Which code a decision has, and only where it was asked for."""

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.cli import cli
from churn_monitoring.cli.exit_codes import CODES, choose_code, leave

ACTIONS = st.lists(st.sampled_from(["none", "alert", "fix_data", "retrain"]), max_size=5)
ASKED = st.lists(st.sampled_from(["alert", "fix_data", "retrain", "never"]), max_size=3)


def test_codes_are_distinct_and_none_is_that_of_an_error() -> None:
    assert len({*CODES.values(), 0, 1, 2}) == 6


@given(ACTIONS)
def test_nothing_is_asked_for_unless_it_is(actions: list) -> None:
    assert choose_code(actions, []) == choose_code(actions, ["never"]) == 0


@given(ACTIONS, ASKED)
def test_the_code_is_that_of_something_decided_and_asked_for(actions: list, asked: list) -> None:
    code = choose_code(actions, asked)
    wanted = {CODES[one] for one in actions if one != "none" and {one, "alert"} & set(asked)}
    assert code in wanted if wanted else code == 0


def test_broken_data_come_before_a_retraining_and_that_before_an_alert() -> None:
    assert choose_code(["alert", "retrain", "fix_data"], ["alert"]) == 11
    assert choose_code(["alert", "retrain"], ["alert"]) == 12
    assert choose_code(["alert", "retrain", "fix_data"], ["retrain"]) == 12


def test_a_command_leaves_with_the_code_or_goes_on() -> None:
    leave(["none"], ["alert"])
    with pytest.raises(SystemExit) as left:
        leave(["alert"], ["alert"])
    assert left.value.code == 10


@pytest.mark.parametrize("command", ["run", "cycle", "status"])
def test_the_help_lists_the_codes(command: str) -> None:
    told = CliRunner().invoke(cli, [command, "--help"]).output
    assert "--fail-on [alert|fix_data|retrain|never]" in told
    for code in (0, 1, *CODES.values()):
        assert any(line.strip().startswith(f"{code} ") for line in told.splitlines()), code
