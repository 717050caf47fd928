"""Errors a user can act on: each message is one sentence that names the place and the remedy.

The command line prints the message of a :class:`ChurnMonitoringError` without a traceback and leaves
with its ``exit_code``. Anything else is a defect of ours and keeps its traceback.
"""


class ChurnMonitoringError(Exception):
    """A condition the user can repair; the message says where it is and what to do."""

    exit_code = 1


class ConfigurationError(ChurnMonitoringError):
    """A parameter, environment or catalog entry is missing or contradicts another."""


class DataError(ChurnMonitoringError):
    """A file or column cannot be used; nothing was changed."""


class UnusableBatch(DataError):
    """A delivered table can be read and not be monitored.

    Args:
        message: goes on after the name of the file.
        check: name of the finding this becomes.
        column: it is about, or None.
    """

    def __init__(self, message: str, check: str = "unusable", column: str | None = None) -> None:
        super().__init__(message)
        self.check = check
        self.column = column


class BatchRejected(DataError):
    """A batch could not be monitored at all; its rejection was recorded and the others go on."""


class NoChampion(ChurnMonitoringError):
    """Nothing is in service yet: training has to come first."""


class NotInService(ChurnMonitoringError):
    """A version was registered and does not serve: it did not come back as it was saved, or another was first."""


class PerformanceTooLow(ChurnMonitoringError):
    """No candidate reached the performance threshold, so nothing was put in service."""


class NothingToDo(ChurnMonitoringError):
    """Not a failure: there was no work waiting."""

    exit_code = 0
