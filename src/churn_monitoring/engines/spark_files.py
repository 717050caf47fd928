"""Files as Spark sees them: on this machine or wherever an address points (hdfs, s3a, abfss, ...)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file: its address, bytes, and time of the last change in nanoseconds since 1970."""

    address: str
    size: int
    modified_ns: int


class SparkFiles:
    """Lists and moves files by the file system that each address names.

    Args:
        spark: session.
    """

    def __init__(self, spark: Any) -> None:
        self._jvm = spark._jvm
        self._configuration = spark._jsc.hadoopConfiguration()

    def list_names(self, folder: str) -> list[str]:
        """Names of what lies in ``folder``, in order; of an absent one none."""
        system, path = self._open(folder)
        if not system.exists(path):
            return []
        return sorted(status.getPath().getName() for status in system.listStatus(path))

    def find_files(self, address: str) -> list[FoundFile]:
        """The file at ``address``, or all data files in and below the folder, in the order of their addresses."""
        return sorted(self._walk(address), key=lambda one: one.address)

    def exists(self, address: str) -> bool:
        """Whether there is a file or folder."""
        system, path = self._open(address)
        return bool(system.exists(path))

    def move(self, source: str, target: str) -> None:
        """Put a folder in place of ``target``.

        Raises:
            OSError: it could not be moved; it is then where it was.
        """
        self.remove(target)
        system, path = self._open(target)
        system.mkdirs(path.getParent())
        if not system.rename(self._open(source)[1], path):
            raise OSError(f"{source} cannot be moved to {target}: see whether the place is writable, and run again.")

    def remove(self, address: str) -> None:
        """Remove a file or a folder with all in it; nothing where there is none."""
        system, path = self._open(address)
        system.delete(path, True)

    def _walk(self, address: str) -> Iterator[FoundFile]:
        system, path = self._open(address)
        if not system.exists(path):
            return
        root = path.toString()
        found = system.listFiles(path, True)
        while found.hasNext():
            status = found.next()
            below = status.getPath().toString().removeprefix(root).split("/")
            # Spark passes these over too: markers, checksums, and what is still being written.
            if not any(name.startswith(("_", ".")) for name in below):
                yield FoundFile(status.getPath().toString(), status.getLen(), status.getModificationTime() * 1_000_000)

    def _open(self, address: str) -> tuple[Any, Any]:
        path = self._jvm.org.apache.hadoop.fs.Path(absolute(address))
        return path.getFileSystem(self._configuration), path


def absolute(address: str) -> str:
    """An address as it is, and a path as one of this machine, whatever file system is Spark's default.

    >>> absolute("s3a://bucket/batches")
    's3a://bucket/batches'
    >>> absolute("/data/batches")
    'file:///data/batches'
    """
    return address if _ADDRESS.match(address) else f"file://{Path(address).absolute()}"
