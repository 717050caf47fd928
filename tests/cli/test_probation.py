"""What status says of a probation, and what a cycle puts back, from the ledgers alone."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_monitoring.cli.probation import choose_rollback, describe_probation
from churn_monitoring.core.options import ProbationOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt, LedgerEntry

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Parameters.model_validate(yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8")))
DAY = date(2026, 3, 2)
PROMOTED = Attempt("run", DAY, "retraining", "promoted", "2", "3")
RECALIBRATED = Attempt("run", DAY + timedelta(weeks=1), "recalibration", "recalibrated", "3", "4")
NUMBERS = {"probation_promised": 0.81, "probation_found": 0.79, "probation_p_value": 0.4}


def judged(week: int, version: str = "3", remedy: Any = None, **metrics: float) -> LedgerEntry:
    day = DAY + timedelta(weeks=week)
    return LedgerEntry("run", f"b{week}", day, day, "none", False, version, 0, 0, "", metrics, remedy)


def describe(ledger: list[LedgerEntry], version: str = "3", options: ProbationOptions = SHIPPED.probation) -> str:
    return describe_probation(ledger, [PROMOTED], version, options, SHIPPED.labels)


def test_a_probation_is_described_by_what_was_promised_and_found_and_on_how_many_batches() -> None:
    guessed = judged(1, probation_estimated=1.0, **NUMBERS)
    assert describe([guessed]) == "version 3, 1 of 4 batches: ROC-AUC 0.790 estimated, 0.810 promised"
    known = judged(2, probation_realized=2.0, **NUMBERS)
    assert describe([guessed, known]) == "version 3, 2 of 4 batches: ROC-AUC 0.790 realized, 0.810 promised"
    assert describe([judged(1)]) == "version 3, of which nothing is known yet"


def test_there_is_none_before_any_batch_of_a_trained_version_when_switched_off_and_once_it_is_over() -> None:
    assert describe([]) == "none"
    assert describe([judged(1, "1")], "1") == "none"
    assert describe([judged(1)], options=SHIPPED.probation.model_copy(update={"enabled": False})) == "none"
    assert describe([judged(1, probation_realized=4.0, **NUMBERS)]) == "none"
    assert describe([judged(week) for week in range(4 + SHIPPED.labels.window_batches + 1)]) == "none"


@pytest.mark.parametrize(
    ("attempts", "version", "current", "expected"),
    [
        ([PROMOTED], "3", "3", (None, True)),
        ([PROMOTED], "3", "2", (None, True)),
        ([PROMOTED], "3", "5", (None, False)),
        ([PROMOTED, RECALIBRATED], "4", "4", ("2", True)),
        ([], "3", "3", (None, False)),
    ],
    ids=["promoted", "killed after the alias moved", "trained since", "recalibrated since", "no promotion"],
)
def test_what_goes_back_is_the_model_before_unless_something_else_is_in_service(
    attempts: list[Attempt], version: str, current: str, expected: tuple[str | None, bool]
) -> None:
    assert choose_rollback([judged(1, "2"), judged(2, version, "roll_back")], attempts, current) == expected
