"""The tables of docs/performance.md, from the results of the bench; the prose around them is written by hand."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tables import has_drifted

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- written by make bench-speed: begin -->", "<!-- written by make bench-speed: end -->"
NAMES = {
    "floor": "reading the file, pyarrow",
    "ours": "this project",
    "polars": "polars-ds 0.13.0",
    "scipy": "scipy 1.17.1 over pandas",
    "nannyml": "NannyML 0.13.1",
    "whylogs": "whylogs 1.6.4",
    "evidently": "Evidently 0.7.23",
}
AT_LEAST = {"polars": 3, "scipy": 5, "nannyml": 15, "whylogs": 60, "evidently": 200}
AT_MOST_FLOOR, AT_MOST_WIDE = 3.0, 1.3
Results = Sequence[dict[str, Any]]


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *rows])


def pick(results: Results, part: str, job: str, rows: int | None = None, columns: int | None = None) -> Results:
    wanted = {"part": part, "job": job, "rows": rows, "columns": columns}
    return [one for one in results if all(value in (None, one[key]) for key, value in wanted.items())]


def middle(found: Results, key: str) -> float:
    return float(median(one[key] for one in found))


def render_side(results: Results) -> str:
    """Medians, and how many times ours each of them is."""
    own = middle(pick(results, "side", "ours"), "cpu")
    lines = []
    for job, name in NAMES.items():
        found = pick(results, "side", job)
        if not found:
            lines.append([name, "not measured", "", "", "", "", ""])
            continue
        cpu, ratio = middle(found, "cpu"), middle(found, "cpu") / own
        ends = f"{min(one['cpu'] for one in found):.2f} to {max(one['cpu'] for one in found):.2f}"
        planted = sum(map(has_drifted, found[0]["drifted"]))
        wanted = f"≥ {AT_LEAST[job]}" if job in AT_LEAST else f"≥ {1 / AT_MOST_FLOOR:.2f}" if job == "floor" else ""
        lines.append(
            [
                name,
                f"{cpu:.2f}",
                f"{ends} ({len(found)})",
                f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}",
                wanted,
                f"{middle(found, 'megabytes'):,.0f}",
                "" if job == "floor" else f"{planted} + {len(found[0]['drifted']) - planted}",
            ]
        )
    head = ("", "CPU seconds", "range (runs)", "times ours", "wanted", "peak MB", "planted + other columns found")
    return table(head, lines)


def render_curve(results: Results, part: str, axis: str, jobs: Sequence[str]) -> str:
    """Medians by the number of rows or columns; per million cells ours is level where growth is linear."""
    sizes = sorted({one[axis] for one in results if one["part"] == part})
    lines = []
    for size in sizes:
        found = {job: pick(results, part, job, **{axis: size}) for job in jobs}
        if not all(found.values()):
            continue
        own = found["ours"]
        cells = own[0]["rows"] * own[0]["columns"] / 1e6
        seconds = [f"{middle(found[job], 'cpu'):.2f}" for job in jobs]
        per_cell = f"{1000 * middle(own, 'cpu') / cells:.0f}"
        lines.append([f"{size:,}", *seconds, per_cell, f"{middle(own, 'megabytes'):,.0f}"])
    if not lines:
        return "Not measured."
    told = {"floor": "reading", "ours": "ours", "score": "scoring"}
    head = (axis, *(f"{told[job]}, CPU s" for job in jobs), "ours, CPU ms per million cells", "ours, peak MB")
    return table(head, lines)


def render_machine(results: Results) -> str:
    rounds = len(pick(results, "side", "ours"))
    return (
        f"{os.cpu_count()} cores; medians, of as many runs as the table says, {rounds} of ours, alternating. "
        "A ratio is that of medians of the same session."
    )


def write_document(results: Results) -> None:
    """Between the markers; nothing else of the page is touched."""
    if not pick(results, "side", "ours"):
        return
    parts = [
        BEGIN,
        render_machine(results),
        "## Side by side: 1,000,000 × 50",
        render_side(results),
        "## Rows, at 50 columns",
        render_curve(results, "rows", "rows", ("floor", "ours", "score")),
        "## Columns, at 200,000 rows",
        render_curve(results, "columns", "columns", ("floor", "ours")),
        f"## Wide: 50,000 rows, per column at most {AT_MOST_WIDE} times the time at 50",
        render_curve(results, "wide", "columns", ("floor", "ours")),
        END,
    ]
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")
