"""Which features hang together: Cramer's V against scipy, and the column the others say most about."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats.contingency import association, crosstab

from churn_monitoring.core.options import TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.dependence import code_values, count_levels, find_most_explained, measure_cramers_v


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=8, max_size=60))
def test_cramers_v_is_scipys(pairs: list[tuple[int, int]]) -> None:
    one, other = (np.unique(codes, return_inverse=True)[1] for codes in zip(*pairs, strict=True))
    counts = crosstab(one, other).count
    expected = association(counts, method="cramer") if min(counts.shape) > 1 else 0.0
    assert measure_cramers_v(one, other) == pytest.approx(expected, abs=1e-12)


@pytest.fixture
def known() -> KnownTable:
    rng = np.random.default_rng(2)
    x = rng.normal(size=2000)
    tier = pd.cut(x, [-np.inf, -0.5, 0.5, np.inf], labels=["low", "middle", "high"]).astype(str)
    rows = pd.DataFrame({"coin": rng.choice(["a", "b"], 2000), "tier": tier, "x": x, "y": rng.integers(0, 2, 2000)})
    rows.loc[::10, "x"] = np.nan
    schema = TableSchema(
        id="k", target="y", positive=1, date=None, numeric=("x",), categorical=("coin", "tier"), ignored=()
    )
    return KnownTable(rows, schema)


def test_the_column_others_say_most_about_is_found_among_the_choices(known: KnownTable) -> None:
    assert find_most_explained(known, known.schema.features) == "x"
    assert find_most_explained(known, known.schema.categorical) == "tier"
    assert find_most_explained(known, ["coin"]) == "coin"


def test_a_number_is_coded_in_fifths_and_missing_values_by_themselves(known: KnownTable) -> None:
    codes = code_values(known, "x")
    assert sorted(np.bincount(codes)) == [200, 360, 360, 360, 360, 360]
    assert len(set(codes[::10])) == 1


def test_missing_is_no_level() -> None:
    schema = TableSchema(id="k", target="y", positive=1, date=None, numeric=(), categorical=("c",), ignored=())
    assert count_levels(KnownTable(pd.DataFrame({"c": ["a", "b", None, " "]}), schema), "c") == 2
