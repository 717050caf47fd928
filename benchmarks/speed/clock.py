"""What every job shares: what is prepared before, what is measured, and how it is told.

    job.py prepare FOLDER          # the reference's own summary, where the library can keep one in a file
    job.py run SMALL FOLDER        # one line of JSON, the last of stdout

A run loads the reference and plays the job once on the small tables, so that imports, compiling and first uses are not
counted; then it plays it on the large ones, which is. Memory is the peak of the whole process.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Job(NamedTuple):
    """``load`` takes a folder and gives what ``run`` takes with it; ``run`` gives the columns that have drifted."""

    load: Callable[[Path, dict[str, str]], Any]
    run: Callable[[Any, Path, dict[str, str]], list[str]]
    prepare: Callable[[Path, dict[str, str]], None] | None = None


def read_kinds(folder: Path) -> dict[str, str]:
    """Kind (float, integer, boolean, text) per column, in the order of the tables."""
    return dict(json.loads((folder / "columns.json").read_text(encoding="utf-8")))


def cpu_seconds() -> float:
    """Of all threads of this process and of its finished children, user and system."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_megabytes() -> float:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def measure(job: Job, small: Path, folder: Path) -> dict[str, Any]:
    job.run(job.load(small, read_kinds(small)), small, read_kinds(small))
    kinds = read_kinds(folder)
    reference = job.load(folder, kinds)
    before, start = cpu_seconds(), time.perf_counter()
    drifted = job.run(reference, folder, kinds)
    cpu, wall = cpu_seconds() - before, time.perf_counter() - start
    return {"cpu": cpu, "wall": wall, "megabytes": peak_megabytes(), "drifted": sorted(drifted)}


def main(job: Job) -> None:
    verb, *folders = sys.argv[1:]
    paths = [Path(folder) for folder in folders]
    if verb == "prepare" and job.prepare:
        job.prepare(paths[0], read_kinds(paths[0]))
    elif verb == "run":
        print(json.dumps(measure(job, *paths)))
