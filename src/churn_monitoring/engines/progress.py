"""How far a long read is: a bar with rows per second on a terminal, else a line a minute in the log.

Nothing is shown of what takes a few seconds only.
"""

import logging
import sys
import time
from types import TracebackType
from typing import Any, Self

SHOWN_AFTER = 3.0  # seconds
LOGGED_EVERY = 60.0  # seconds


class Progress:
    """Is told the rows that are done.

    Args:
        name: of what is read.
        total: rows, where that is known.
    """

    def __init__(self, name: str, total: int | None) -> None:
        self._name = name
        self._total = total
        self._rows = 0
        self._start = self._logged = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        self._start = self._logged = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, rows: int) -> None:
        """So many rows more are done."""
        self._rows += rows
        now = time.monotonic()
        if sys.stderr.isatty():
            if now - self._start >= SHOWN_AFTER:
                self._draw()
        elif now - self._logged >= LOGGED_EVERY:
            self._logged = now
            logging.getLogger(__name__).info("%s", self.tell(now))

    def tell(self, now: float) -> str:
        """Rows done, rows per second and, where the total is known, the time left.

        >>> progress = Progress("b.parquet", 4_000_000)
        >>> progress.advance(1_000_000)
        >>> progress.tell(progress._start + 50.0)
        'b.parquet: 1,000,000 of 4,000,000 rows, 20,000 rows/s, 150 s left'
        """
        speed = self._rows / max(now - self._start, 1e-9)
        if self._total is None:
            return f"{self._name}: {self._rows:,} rows, {speed:,.0f} rows/s"
        left = (self._total - self._rows) / max(speed, 1e-9)
        return f"{self._name}: {self._rows:,} of {self._total:,} rows, {speed:,.0f} rows/s, {left:,.0f} s left"

    def _draw(self) -> None:
        if self._bar is None:
            self._bar, self._task = _open_bar(self._name, self._total)
        speed = self._rows / (time.monotonic() - self._start)
        self._bar.update(self._task, completed=self._rows, speed=f"{speed:,.0f}")


def _open_bar(name: str, total: int | None) -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("rows, {task.fields[speed]} rows/s"))
    bar = Bar(TextColumn(name), *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task(name, total=total, speed="")
