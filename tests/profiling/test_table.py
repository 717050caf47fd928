import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import TableSchema
from churn_monitoring.profiling import fit_reference_profile, profile_rows

SCHEMA = TableSchema(
    id="id",
    target="y",
    positive="yes",
    date=None,
    numeric=("b", "a"),
    categorical=("d", "c"),
    ignored=(),
)
ROWS = pd.DataFrame(
    {
        "a": [1.0, 2.0, np.nan],
        "b": [5.0, 5.0, 6.0],
        "c": ["x", None, "y"],
        "d": ["u", "u", "u"],
        "y": ["yes", "no", "no"],
    }
)


def test_columns_come_in_the_order_of_the_schema_and_the_target_is_no_part_of_it() -> None:
    profile = fit_reference_profile(ROWS, SCHEMA, max_points=10)
    assert (list(profile.numeric), list(profile.categorical)) == (["b", "a"], ["d", "c"])
    assert profile.rows == 3


def test_profiling_the_reference_on_its_own_grids_gives_the_reference() -> None:
    reference = fit_reference_profile(ROWS, SCHEMA, max_points=10)
    assert profile_rows(ROWS, reference) == reference


def test_a_feature_the_reference_lacks_is_an_error_that_names_it() -> None:
    with pytest.raises(DataError, match=r"no column 'a', 'c'.*schema"):
        fit_reference_profile(ROWS.drop(columns=["a", "c"]), SCHEMA, max_points=10)


def test_a_feature_a_batch_lacks_is_missing_in_every_row() -> None:
    reference = fit_reference_profile(ROWS, SCHEMA, max_points=10)
    batch = profile_rows(ROWS.drop(columns=["a", "c"]), reference)
    assert (batch.numeric["a"].missing, batch.categorical["c"].missing) == (3, 3)
    assert list(batch.numeric) == list(reference.numeric)


def test_no_rows_are_a_profile_of_no_rows() -> None:
    reference = fit_reference_profile(ROWS, SCHEMA, max_points=10)
    batch = profile_rows(ROWS.iloc[:0], reference)
    assert (batch.rows, batch.numeric["a"].count, batch.categorical["c"].count) == (0, 0, 0)
    assert fit_reference_profile(ROWS.iloc[:0], SCHEMA, max_points=10).rows == 0


def test_an_index_with_repetitions_and_other_column_order_change_nothing() -> None:
    reference = fit_reference_profile(ROWS, SCHEMA, max_points=10)
    shuffled = ROWS.loc[[2, 0, 1], ["y", "d", "c", "b", "a"]].set_axis([7, 7, 7])
    assert profile_rows(shuffled, reference) == reference


def test_integer_and_nullable_columns_are_numbers_too() -> None:
    rows = ROWS.assign(a=pd.array([1, 2, None], dtype="Int64"), b=[5, 5, 6])
    assert fit_reference_profile(rows, SCHEMA, max_points=10) == fit_reference_profile(ROWS, SCHEMA, max_points=10)


def test_the_rows_are_not_changed() -> None:
    before = ROWS.copy(deep=True)
    profile_rows(ROWS, fit_reference_profile(ROWS, SCHEMA, max_points=10))
    pd.testing.assert_frame_equal(ROWS, before)


def test_seven_thousand_rows_of_twenty_columns_take_milliseconds() -> None:
    rng = np.random.default_rng(4)
    numeric, categorical = [f"n{i}" for i in range(10)], [f"c{i}" for i in range(10)]
    rows = pd.DataFrame({name: rng.normal(size=7_000) for name in numeric})
    rows[categorical] = rng.choice(["month", "one year", "two years"], size=(7_000, 10))
    schema = SCHEMA.model_copy(update={"numeric": tuple(numeric), "categorical": tuple(categorical)})
    reference = fit_reference_profile(rows, schema, max_points=65_536)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        profile_rows(rows, reference)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.1  # 7 ms on an idle core: wide enough for a busy one, too narrow for a loop over rows


@pytest.mark.parametrize("package", ["profiling", "drift", "quality"])
def test_importing_a_package_imports_no_heavy_library(package: str) -> None:
    code = (
        f"import sys, churn_monitoring.{package}\n"
        "heavy = ('sklearn', 'matplotlib', 'kedro', 'mlflow', 'xgboost', 'scipy.stats')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
