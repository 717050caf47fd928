"""Which code is at work: the package's version, and the commit where it runs from a checkout."""

import subprocess
from functools import lru_cache
from pathlib import Path

from churn_monitoring import __version__

FOLDER = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=1)
def tell_code_version() -> str:
    """Such as ``0.1.0+3f2c...`` with the commit's 40 digits, ``-dirty`` behind them where files were changed since."""
    commit = _ask_git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    tracked = commit and _ask_git("ls-files", "__init__.py")
    return f"{__version__}+{commit}" if tracked else __version__


def _ask_git(*arguments: str) -> str:
    """What git says of this package's folder; '' where there is no git or no checkout."""
    command = ["git", "-C", str(FOLDER), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
