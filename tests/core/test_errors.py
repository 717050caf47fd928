"""Errors that a user can act on, and how the process leaves with them."""

import pytest

from churn_monitoring.core import errors

FAMILY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", FAMILY)
def test_every_error_is_of_the_family_and_keeps_its_message(kind: type[errors.ChurnMonitoringError]) -> None:
    assert issubclass(kind, errors.ChurnMonitoringError)
    assert str(kind("conf/base: add the key")) == "conf/base: add the key"


@pytest.mark.parametrize("kind", FAMILY)
def test_only_having_nothing_to_do_is_no_failure(kind: type[errors.ChurnMonitoringError]) -> None:
    assert kind.exit_code == (0 if kind is errors.NothingToDo else 1)


def test_a_rejected_batch_is_a_data_error() -> None:
    assert issubclass(errors.BatchRejected, errors.DataError)


def test_a_defect_of_ours_is_not_caught_with_the_family() -> None:
    assert not issubclass(ValueError, errors.ChurnMonitoringError)
    assert not issubclass(errors.ChurnMonitoringError, ValueError)
