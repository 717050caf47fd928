"""Whether a registered version serves as it was saved, told by a process that has seen nothing of its making.

The process that fitted a model proves nothing by scoring with it: the model never left its memory. So the version's
files are fetched from the registry anew, and a fresh process reads every one of them and scores the golden rows: the
scores must be those saved to 1e-9.

Flow: ``verify_version`` fetches, starts ``python -m churn_monitoring.datasets.verification MODEL VERSION FOLDER`` and
waits; that one prints its :class:`Verification` as JSON. A process that dies instead has found a version that cannot be
loaded, and the last line of its traceback says why. It imports neither Kedro nor the tracking client, which would take
it as long again.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

TOLERANCE = 1e-9  # of a score; the same model on the same machine repeats them to the last bit
PATIENCE_SECONDS = 600  # a process that takes longer has stalled


@dataclass(frozen=True, slots=True)
class Verification:
    """What the fresh process found.

    Attributes:
        reason: why the version must not serve, as the end of a sentence; empty where all is well.
        golden_rows: how many scores were compared; 0 for a version saved before there were golden rows.
        files: files of the package that were read to their end.
    """

    reason: str
    golden_rows: int = 0
    files: int = 0


def verify_version(model_name: str, version: str) -> Verification:
    """Fetch a registered version and load and score it in a fresh process, which takes that some seconds to start."""
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as scratch:
        try:
            folder = download_artifacts(artifact_uri=f"models:/{model_name}/{version}", dst_path=scratch)
        except (MlflowException, OSError) as error:
            return Verification(f"its files cannot be fetched ({' '.join(str(error).split())})")
        if not any(Path(folder).iterdir()):  # a store of files gives an empty folder for one that is gone
            return Verification("its files are gone")
        return verify_folder(Path(folder), model_name, version)


def verify_folder(folder: Path, model_name: str, version: str) -> Verification:
    """The same of files that were fetched."""
    command = [sys.executable, "-m", __spec__.name, model_name, version, str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Verification(f"it could not be loaded within {PATIENCE_SECONDS} seconds")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return Verification(f"it cannot be loaded ({lines[-1].strip() if lines else f'exit {done.returncode}'})")
    return Verification(**json.loads(done.stdout.splitlines()[-1]))


def check_files(folder: Path, model_name: str, version: str) -> Verification:
    """Read the package in ``folder`` whole and score its golden rows.

    Raises:
        Exception: whatever a file that cannot be read raises.
    """
    import numpy as np

    from churn_monitoring.datasets.package_files import read_every_file, read_golden, read_package

    package, files, golden = read_package(folder, model_name, version), read_every_file(folder), read_golden(folder)
    if golden is None:
        return Verification("", 0, files)
    scores = package.score(golden.rows)
    wrong = ~(np.abs(scores - golden.scores) <= TOLERANCE)  # so that NaN is wrong too
    reason = ""
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        reason = (
            f"{int(wrong.sum())} of {len(scores)} golden rows are scored otherwise than when it was saved, "
            f"such as {scores[first]:.9f} instead of {golden.scores[first]:.9f}"
        )
    return Verification(reason, len(scores), files)


def main(model_name: str, version: str, folder: str) -> None:
    """Check the files and print what was found."""
    sys.stdout.write(json.dumps(asdict(check_files(Path(folder), model_name, version))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
