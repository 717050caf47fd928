from dataclasses import replace

import pandas as pd
import pytest

from churn_monitoring.core.records import Finding
from churn_monitoring.profiling import fit_reference_profile, profile_rows
from churn_monitoring.quality import BatchFacts, RepeatedRows, measure_quality, name_examples
from churn_monitoring.quality.dependency import fit_dependencies
from churn_monitoring.tables import coerce_rows

from .conftest import SHIPPED, TARIFFS, draw_tariffs

REFERENCE = draw_tariffs(1, 2_000)
PROFILE = fit_reference_profile(REFERENCE, TARIFFS, max_points=65_536)


def _name(rows: pd.DataFrame, facts: BatchFacts | None = None) -> dict[str, Finding]:
    quality = measure_quality(PROFILE, profile_rows(rows, PROFILE), facts or BatchFacts(), SHIPPED)
    named = name_examples(quality.findings, rows, rows["id"], PROFILE)
    assert [replace(finding, examples=()) for finding in named] == list(quality.findings)
    return {finding.check: finding for finding in named}


def test_values_that_are_missing_or_new_or_far_out_are_named_by_the_ids_of_their_rows() -> None:
    rows = draw_tariffs(2, 1_000)
    rows["tariff"] = rows["tariff"].mask(rows.index.isin(range(5, 40)), "family")
    rows["senior"] = rows["senior"].mask(rows.index >= 800)
    rows.loc[range(100, 200), "paid"] = [1e6 + row for row in range(100)]
    found = _name(rows)
    assert found["new_category"].examples == ("c2-5", "c2-6", "c2-7")
    assert found["missing_share"].examples == ("c2-800", "c2-801", "c2-802")
    assert found["out_of_range"].examples == ("c2-199", "c2-198", "c2-197")


def test_repeated_rows_and_ids_are_named() -> None:
    rows = draw_tariffs(3, 400)
    twice = pd.concat([rows, rows.iloc[[7, 3, 9, 11] * 10]], ignore_index=True)
    found = _name(twice, BatchFacts(repeated=RepeatedRows(rows=40, ids=40)))
    assert found["repeated_rows"].examples == ("c3-7", "c3-3", "c3-9")
    assert found["duplicate_id"].examples == ("c3-7", "c3-3", "c3-9")


def test_a_constant_column_is_shown_by_any_rows_and_a_small_batch_by_none() -> None:
    found = _name(draw_tariffs(4, 150).assign(region="north"))
    assert found["constant"].examples == ("c4-0", "c4-1", "c4-2")
    assert found["small_batch"].examples == ()


def test_unparseable_values_are_named_with_the_way_they_are_spelt() -> None:
    raw = draw_tariffs(5, 300)
    raw["paid"] = raw["paid"].map(lambda value: f"{value:.2f}".replace(".", ","))
    raw.loc[0, "paid"] = None
    coerced = coerce_rows(raw, TARIFFS)
    quality = measure_quality(PROFILE, profile_rows(coerced.rows, PROFILE), BatchFacts(coerced.unparseable), SHIPPED)
    with_raw = name_examples(quality.findings, coerced.rows, coerced.rows["id"], PROFILE, raw)
    found = {finding.check: finding for finding in with_raw}["unparseable"]
    assert found.examples == ("c5-1", "c5-2", "c5-3")
    assert found.message.endswith("a decimal comma, where a point is expected")
    without = name_examples(quality.findings, coerced.rows, coerced.rows["id"], PROFILE)
    assert {finding.check: finding for finding in without}["unparseable"].examples == ()


def test_a_dependency_is_shown_by_its_most_surprising_rows() -> None:
    dependencies = fit_dependencies(REFERENCE, TARIFFS, {}, SHIPPED, seed=1)
    rows = draw_tariffs(6, 500)
    finding = Finding("dependency", "tariff", "failed", 0.5, 0.25, "...")
    rows.loc[42, ["months", "paid", "tariff"]] = [60.0, 3_600.0, "light"]
    assert name_examples([finding], rows, rows["id"], PROFILE)[0].examples == ()
    named = name_examples([finding], rows, rows["id"], PROFILE, dependencies=dependencies)[0]
    assert len(named.examples) == 3
    assert "c6-42" in named.examples


def test_rows_without_an_id_are_no_example_and_the_index_plays_no_part() -> None:
    rows = draw_tariffs(7, 300).set_index(pd.RangeIndex(5_000, 5_300))
    rows["senior"] = rows["senior"].mask(rows.index < 5_100)
    rows.loc[5_000:5_001, "id"] = None
    assert _name(rows)["missing_share"].examples == ("c7-2", "c7-3", "c7-4")


@pytest.mark.parametrize(
    "finding", [Finding("empty_batch", None, "failed", 0, 1, "."), Finding("x", "y", "info", 0, 1, ".")]
)
def test_what_no_row_can_show_has_no_examples(finding: Finding) -> None:
    rows = draw_tariffs(8, 10)
    for table in (rows, rows.iloc[:0]):
        assert name_examples([finding], table, table["id"], PROFILE) == (finding,)
