"""What a command's exit code says, so that cron or an orchestrator can act on it.

0   done, or nothing to do; whatever was decided, unless --fail-on asks for it
1   something could not be done, which one sentence on stderr explains
2   the command was not understood
10  alert: a person should look, or no batch comes
11  fix_data: a batch is broken
12  retrain: a retraining is wanted
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

import click

from churn_monitoring.core.records import Action

CODES: dict[Action, int] = {"alert": 10, "fix_data": 11, "retrain": 12}
URGENCY: tuple[Action, ...] = ("fix_data", "retrain", "alert")  # the first that was decided gives the code
TABLE = (
    "\b\nExit codes:\n"
    "  0   done, or nothing to do\n"
    "  1   an error, told on stderr\n"
    "  10  alert: a person should look, or no batch comes (with --fail-on alert)\n"
    "  11  fix_data: a batch is broken (with --fail-on alert or fix_data)\n"
    "  12  retrain: a retraining is wanted (with --fail-on alert or retrain)"
)
ASKS = "Leave with a code of its own on this decision; alert: on any but none. May be given twice."

fail_on_option: Callable[[Any], Any] = click.option(
    "--fail-on", multiple=True, type=click.Choice(["alert", "fix_data", "retrain", "never"]), help=ASKS
)


def choose_code(actions: Iterable[Action], fail_on: Iterable[str]) -> int:
    """The exit code for what was decided, 0 where nothing of it was asked for.

    >>> choose_code(["none", "retrain", "alert"], ["alert"]), choose_code(["none", "retrain", "alert"], ["fix_data"])
    (12, 0)
    >>> choose_code(["alert"], ["fix_data", "retrain"]), choose_code(["fix_data", "retrain"], ["retrain", "fix_data"])
    (0, 11)
    """
    asked, decided = set(fail_on), set(actions)
    for action in URGENCY:
        if action in decided and asked & {"alert", action}:
            return CODES[action]
    return 0


def leave(actions: Iterable[Action], fail_on: Iterable[str]) -> None:
    """End the process with the code for what was decided, if there is one."""
    code = choose_code(actions, fail_on)
    if code:
        sys.exit(code)
