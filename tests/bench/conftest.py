"""A business so small that a stream of it is played in a second or two."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_monitoring.bench.scenarios import Scenario
from churn_monitoring.bench.streams import Bench

PARAMETERS = Path(__file__).resolve().parents[2] / "conf/base/parameters.yml"
QUIET = Scenario("quiet", "nothing changes", weeks=3, from_week=4)
BROKEN = Scenario(
    "broken_column",
    "a number in another unit",
    ({"kind": "broken_column", "from_week": 2, "to_week": 2},),
    "fix_data",
    weeks=3,
    from_week=2,
    to_week=2,
)


@pytest.fixture(scope="session")
def values() -> dict[str, Any]:
    """The shipped parameters, with small candidates and no out-of-fold rows."""
    read: dict[str, Any] = yaml.safe_load(PARAMETERS.read_text(encoding="utf-8"))
    small = {"n_estimators": 20, "max_depth": 3}
    candidates = {name: {"estimator": name, **small} for name in ("random_forest", "xgboost")}
    training, reference = read["training"] | {"candidates": candidates}, read["reference"] | {"min_rows": 0}
    return read | {"training": training, "reference": reference}


@pytest.fixture(scope="session")
def tiny(values) -> Bench:
    return Bench(values, None, 300, {"customers": 1200})
