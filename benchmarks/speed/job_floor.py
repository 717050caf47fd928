"""The floor: the batch read by pyarrow, every column once, and nothing done with it."""

from pathlib import Path

from clock import Job, main
from pyarrow import parquet


def run(_reference: None, folder: Path, _kinds: dict[str, str]) -> list[str]:
    parquet.read_table(folder / "batch.parquet")
    return []


if __name__ == "__main__":
    main(Job(lambda *_: None, run))
