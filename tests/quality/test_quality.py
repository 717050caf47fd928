import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportions_ztest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.records import Finding, Quality
from churn_monitoring.profiling import (
    CategoryProfile,
    TableProfile,
    fit_reference_profile,
    merge_profiles,
    profile_categories,
    profile_rows,
)
from churn_monitoring.profiling.repeats import count_repeats
from churn_monitoring.quality import (
    Agreement,
    BatchFacts,
    DependencyMeasure,
    RepeatedRows,
    measure_quality,
)
from churn_monitoring.quality.columns import _proportion_z, _share_of_constant, check_unseen_levels

from .conftest import SHIPPED

OPTIONS = SHIPPED
SCHEMA = TableSchema(
    id="id",
    target="y",
    positive="yes",
    date=None,
    numeric=("charges", "refunds", "fee"),
    categorical=("plan", "vip"),
    ignored=(),
)


def _draw(seed: int, rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "charges": np.where(rng.random(rows) < 0.03, np.nan, rng.uniform(20.0, 120.0, rows)),
            "refunds": np.where(rng.random(rows) < 0.99, 0.0, rng.uniform(1.0, 50.0, rows)),
            "fee": np.full(rows, 9.0),
            "plan": rng.choice(["month", "year", "two years"], rows, p=[0.5, 0.3, 0.2]),
            "vip": rng.choice(["no", "yes"], rows, p=[0.99, 0.01]),
        }
    )


REFERENCE = fit_reference_profile(_draw(1, 5_000), SCHEMA, max_points=65_536)


def _measure(rows: pd.DataFrame, facts: BatchFacts | None = None, **changes: float) -> Quality:
    options = OPTIONS.model_copy(update=changes)
    return measure_quality(REFERENCE, profile_rows(rows, REFERENCE), facts or BatchFacts(), options)


def _only(quality: Quality) -> Finding:
    assert len(quality.findings) == 1, quality
    return quality.findings[0]


def _blank(rows: pd.DataFrame, column: str, share: float) -> pd.DataFrame:
    hidden = np.arange(len(rows)) < share * len(rows)
    return rows.assign(**{column: rows[column].mask(hidden)})


@pytest.mark.parametrize("rows", [200, 1_000, 20_000])
def test_with_nothing_wrong_there_is_no_finding(rows: int) -> None:
    for seed in range(100, 130):
        assert _measure(_draw(seed, rows)) == Quality(status="ok", findings=())


@pytest.mark.parametrize("column", ["charges", "refunds", "plan"])
def test_newly_missing_values_are_a_fault_from_five_points_and_a_warning_from_two(column: str) -> None:
    usual = 0.03 if column == "charges" else 0.0
    rows = _draw(2, 4_000)
    rows["charges"] = rows["charges"].fillna(50.0)
    for increase, severity in ((0.40, "failed"), (0.07, "failed"), (0.035, "warning")):
        quality = _measure(_blank(rows, column, usual + increase))
        found = _only(quality)
        assert (found.check, found.column, found.severity) == ("missing_share", column, severity)
        assert found.value == pytest.approx(usual + increase, abs=0.0005)
        assert found.limit < found.value
        assert f"'{column}'" in found.message
        assert quality.status == severity


def test_more_missing_values_without_significance_are_no_finding() -> None:
    rows = _draw(3, 200)
    rows["charges"] = rows["charges"].fillna(50.0)
    # 4.5 points more than usual, z = 3.6: an unlucky batch.
    assert _measure(_blank(rows, "charges", 0.075)).status == "ok"


def test_fewer_missing_values_are_no_fault() -> None:
    rows = _draw(4, 5_000)
    assert _measure(rows.assign(charges=rows["charges"].fillna(50.0))).status == "ok"


def test_the_z_score_is_statsmodels() -> None:
    for counts in ((40, 1_000, 100, 5_000), (0, 10, 3, 20), (10, 10, 1, 20)):
        first, first_rows, second, second_rows = counts
        expected, _ = proportions_ztest([first, second], [first_rows, second_rows])
        assert _proportion_z(*counts) == pytest.approx(expected, rel=1e-12)
    assert _proportion_z(0, 10, 0, 10) == _proportion_z(10, 10, 10, 10) == 0.0


@pytest.mark.parametrize("column", ["charges", "plan"])
def test_a_column_missing_altogether_is_a_fault(column: str) -> None:
    assert _only(_measure(_draw(5, 1_000).assign(**{column: None}).astype({"charges": float}))).value == 1.0
    assert _only(_measure(_draw(5, 1_000).drop(columns=column))).check == "missing_share"


def test_numbers_in_another_unit_are_out_of_range() -> None:
    rows = _draw(6, 1_000)
    found = _only(_measure(rows.assign(charges=rows["charges"] * 100)))
    assert (found.check, found.column, found.severity) == ("out_of_range", "charges", "failed")
    assert found.value > 0.95
    assert "20" in found.message
    assert "119.9" in found.message


def test_only_values_beyond_the_widened_range_count() -> None:
    rows = _draw(7, 1_000)
    low, high = REFERENCE.numeric["charges"].minimum, REFERENCE.numeric["charges"].maximum
    reach = 0.10 * (high - low)
    inside, outside = rows.copy(), rows.copy()
    inside.loc[:99, "charges"], inside.loc[100:199, "charges"] = low - 0.99 * reach, high + 0.99 * reach
    outside.loc[:39, "charges"], outside.loc[40:79, "charges"] = low - 1.01 * reach, high + 1.01 * reach
    assert _measure(inside).status == "ok"
    assert _only(_measure(outside)).check == "out_of_range"
    # A margin between two steps of the profile is rounded up to the wider one.
    assert _measure(outside, range_margin=0.15).status == "ok"
    assert _measure(outside, range_margin=99.0).status == "ok"
    assert _measure(inside, range_margin=0.0).status == "failed"


def test_one_value_of_a_million_is_no_fault_and_hides_none() -> None:
    rows = _draw(8, 1_000)
    rows.loc[0, "charges"] = 1e6
    assert _measure(rows).status == "ok"
    assert _only(_measure(_blank(rows, "plan", 0.4))).check == "missing_share"


def test_a_reference_that_is_constant_has_no_range_to_leave() -> None:
    assert _measure(_draw(9, 1_000).assign(fee=10.0)).status == "ok"


@pytest.mark.parametrize(("column", "value"), [("charges", 50.0), ("plan", "month")])
def test_a_column_constant_that_was_not_is_a_fault(column: str, value: object) -> None:
    found = _only(_measure(_draw(10, 1_000).assign(**{column: value})))
    assert (found.check, found.column, found.severity) == ("constant", column, "failed")
    assert found.value < found.limit
    assert str(value if column == "plan" else 50) in found.message


def test_a_rare_flag_that_is_not_set_is_constant_by_chance() -> None:
    rows = _draw(11, 300).assign(vip="no", refunds=0.0)
    assert _measure(rows).status == "ok"
    # In 5,000 rows it would be no accident: 0.99 ** 5000 is 1e-22.
    many = _draw(11, 5_000).assign(vip="no", refunds=0.0)
    assert [finding.column for finding in _measure(many).findings] == ["refunds", "vip"]


def test_below_twenty_rows_nothing_is_called_constant() -> None:
    for rows, expected in ((19, ["small_batch"]), (20, ["small_batch", "constant"])):
        quality = _measure(_draw(12, rows).assign(charges=50.0))
        assert [finding.check for finding in quality.findings] == expected


def test_a_number_constant_where_the_reference_has_no_such_value_is_a_fault() -> None:
    assert _only(_measure(_draw(13, 500).assign(refunds=49.123456))).check == "constant"


def test_a_few_rows_of_a_new_category_are_no_finding() -> None:
    for new in (1, 2, 3, 5):
        rows = _draw(14, 1_000)
        rows.loc[: new - 1, "plan"] = "lifetime"
        assert _measure(rows).status == "ok"
    # Three of 200 rows are 1.5 %, but no more than three rows.
    rows = _draw(14, 200)
    rows.loc[:2, "plan"] = "lifetime"
    assert _measure(rows).status == "ok"


def test_a_new_category_is_a_warning_that_names_it() -> None:
    rows = _draw(15, 1_000)
    rows.loc[:49, "plan"] = "lifetime"
    rows.loc[50:54, "plan"] = "trial"
    quality = _measure(rows)
    found = _only(quality)
    assert (found.check, found.severity, found.value, quality.status) == (
        "new_category",
        "warning",
        0.055,
        "warning",
    )
    assert found.message.endswith("'lifetime', 'trial'")


def test_a_recoded_column_is_a_fault_and_the_message_stays_short() -> None:
    rows = _draw(16, 1_000)
    quality = _measure(rows.assign(plan=rows["plan"].str.upper()))
    assert (_only(quality).check, quality.status) == ("recoded_category", "failed")
    coded = _only(_measure(rows.assign(plan=[f"code {row % 50}" for row in range(1_000)])))
    assert coded.message.endswith("and 47 more")


def test_a_column_of_many_rare_levels_always_has_new_ones() -> None:
    rng = np.random.default_rng(17)
    shares = 1 / np.arange(1, 20_001) ** 1.1

    def profile(rows: int) -> TableProfile:
        counts = rng.multinomial(rows, shares / shares.sum())
        city = CategoryProfile({str(i): int(n) for i, n in enumerate(counts) if n}, missing=0)
        return TableProfile(rows, {}, {"city": city})

    reference = profile(5_000)
    for _ in range(20):
        quality = measure_quality(reference, profile(1_000), BatchFacts(), OPTIONS)
        assert quality.status in {"ok", "warning"}
        assert all(finding.value < finding.limit + 0.05 for finding in quality.findings)


def test_text_in_a_numeric_column_is_a_fault_beyond_the_references_own_share() -> None:
    rows = _draw(18, 1_000)
    usual = {"refunds": 0.02}
    assert _measure(rows, BatchFacts({"refunds": 69}, usual)).status == "ok"
    found = _only(_measure(rows, BatchFacts({"refunds": 71}, usual)))
    assert (found.check, found.column, found.severity) == ("unparseable", "refunds", "failed")
    assert (found.value, found.limit) == (0.071, pytest.approx(0.07))


@pytest.mark.parametrize("rows", [20, 199, 1_000])
def test_prices_with_decimal_commas_are_a_fault_even_if_some_are_whole_and_the_batch_is_small(rows: int) -> None:
    found = [finding.check for finding in _measure(_draw(18, rows), BatchFacts({"charges": rows * 6 // 10})).findings]
    assert "unparseable" in found


def test_a_batch_that_agrees_with_nobody_is_a_fault_and_its_facts_are_plain_values() -> None:
    facts = BatchFacts(
        dependencies=(DependencyMeasure("plan", r2=0.4, explained=0.4, nats=0.9, z=12.0, rows=1_000),),
        agreement={"vip": Agreement(0.0, 0.05, 200)},
        usual_agreement={"vip": Agreement(0.98, 0.01, 200)},
    )
    quality = _measure(_draw(27, 1_000), facts)
    assert [(finding.check, finding.column) for finding in quality.findings] == [
        ("dependency", "plan"),
        ("returning", "vip"),
    ]
    assert quality.status == "failed"
    assert json.loads(json.dumps(asdict(facts)))["usual_agreement"]["vip"]["customers"] == 200
    drifting = measure_quality(REFERENCE, profile_rows(_draw(27, 1_000), REFERENCE), facts, OPTIONS, drift_share=0.5)
    assert [finding.check for finding in drifting.findings] == ["returning"]


def test_repeated_rows_are_a_fault_beyond_the_references_own_share() -> None:
    rows = _draw(19, 1_000)
    assert _measure(rows, BatchFacts(repeated=RepeatedRows(rows=140, reference_share=0.10))).status == "ok"
    found = _only(_measure(rows, BatchFacts(repeated=RepeatedRows(rows=160, reference_share=0.10))))
    assert (found.check, found.value, found.limit) == ("repeated_rows", 0.16, pytest.approx(0.15))


def test_a_few_duplicate_ids_are_said_and_many_are_a_fault() -> None:
    rows = _draw(20, 1_000)
    few, many = (_measure(rows, BatchFacts(repeated=RepeatedRows(ids=ids))) for ids in (50, 51))
    assert (_only(few).check, _only(few).severity, few.status) == ("duplicate_id", "info", "ok")
    assert (_only(many).severity, many.status) == ("failed", "failed")


def test_repeated_rows_are_counted_beyond_the_first() -> None:
    fingerprints = np.array([5, 6, 5, 5, 7, 6], dtype=np.uint64)
    assert count_repeats(fingerprints) == 3
    assert count_repeats(fingerprints[:0]) == 0
    assert fingerprints.tolist() == [5, 6, 5, 5, 7, 6]


def test_an_empty_batch_has_failed_and_says_only_that() -> None:
    quality = _measure(_draw(21, 1).iloc[:0])
    assert (quality.status, _only(quality).check) == ("failed", "empty_batch")


@pytest.mark.parametrize("rows", [1, 5, 60, 199])
def test_a_small_batch_says_so_and_is_else_left_in_peace(rows: int) -> None:
    for seed in range(200, 230):
        table = _draw(seed, rows)
        table.loc[: rows // 10, "plan"] = "lifetime"
        facts = BatchFacts({"charges": rows // 2}, {}, RepeatedRows(rows=rows // 2, ids=rows // 2))
        quality = _measure(_blank(table, "charges", 0.3), facts)
        assert quality.status == "ok"
        assert {finding.check for finding in quality.findings} <= {"small_batch", "duplicate_id"}


@pytest.mark.parametrize("rows", [5, 60, 199])
def test_gross_faults_of_a_small_batch_are_found(rows: int) -> None:
    table = _draw(22, rows)
    broken = {
        "missing_share": table.assign(charges=np.nan),
        "out_of_range": table.assign(charges=5_000.0 + np.arange(rows)),
        "recoded_category": table.assign(plan=table["plan"].str.upper()),
    }
    for check, faulty in broken.items():
        quality = _measure(faulty)
        assert check in {finding.check for finding in quality.findings if finding.severity == "failed"}
    text = _measure(table, BatchFacts({"charges": rows}))
    assert "unparseable" in {finding.check for finding in text.findings}


def test_one_row_proves_no_gross_fault() -> None:
    row = _draw(23, 1).assign(charges=np.nan, plan="lifetime", refunds=1e6)
    quality = _measure(row)
    assert (quality.status, _only(quality).check) == ("ok", "small_batch")


def test_a_column_the_reference_lacks_altogether_is_not_judged() -> None:
    reference = fit_reference_profile(_draw(1, 500).assign(charges=np.nan, plan=None), SCHEMA, max_points=100)
    for rows in (_draw(2, 1_000), _draw(2, 60), _draw(2, 1_000).assign(charges=np.nan, plan=None)):
        quality = measure_quality(reference, profile_rows(rows, reference), BatchFacts(), OPTIONS)
        assert quality.status == "ok"


def test_a_reference_without_rows_gives_an_answer_too() -> None:
    reference = fit_reference_profile(_draw(1, 1).iloc[:0], SCHEMA, max_points=100)
    assert measure_quality(reference, profile_rows(_draw(2, 500), reference), BatchFacts(), OPTIONS).status == "ok"


def test_several_faults_are_all_reported_and_the_worst_gives_the_status() -> None:
    rows = _draw(24, 1_000)
    rows.loc[:49, "plan"] = "lifetime"
    quality = _measure(_blank(rows, "refunds", 0.4), BatchFacts(repeated=RepeatedRows(rows=500, ids=3)))
    assert [finding.check for finding in quality.findings] == [
        "repeated_rows",
        "duplicate_id",
        "missing_share",
        "new_category",
    ]
    assert quality.status == "failed"


def test_a_batch_read_in_chunks_has_the_same_findings() -> None:
    rows = _blank(_draw(25, 1_000), "charges", 0.3)
    rows.loc[:99, "plan"] = "lifetime"
    chunks = [profile_rows(rows.iloc[start : start + 77], REFERENCE) for start in range(0, 1_000, 77)]
    merged = chunks[0]
    for chunk in chunks[1:]:
        merged = merge_profiles(merged, chunk)
    assert measure_quality(REFERENCE, merged, BatchFacts(), OPTIONS) == _measure(rows)


def test_every_value_and_limit_is_finite() -> None:
    spoiled = [
        _draw(26, 0),
        _draw(26, 7).assign(charges=np.nan),
        _draw(26, 900).assign(charges=1e308, plan="x"),
    ]
    for rows in spoiled:
        for finding in _measure(rows, BatchFacts({"charges": len(rows)}, {}, RepeatedRows(len(rows)))).findings:
            assert np.isfinite([finding.value, finding.limit]).all()
            assert finding.message


def test_a_number_and_a_category_cannot_be_compared() -> None:
    with pytest.raises(TypeError, match="cannot compare"):
        _share_of_constant(REFERENCE.numeric["fee"], CategoryProfile({"a": 1}, missing=0))


@pytest.mark.parametrize("rows", [200, 1_000])
def test_a_column_of_many_rare_levels_shows_some_new_ones_without_a_finding(rows: int) -> None:
    shares = 1.0 / np.arange(1, 1_001)
    shares /= shares.sum()
    rng = np.random.default_rng(11)
    reference = profile_categories(rng.choice(1_000, 6_000, p=shares).astype(str))
    found = [
        check_unseen_levels(
            "town", reference, profile_categories(rng.choice(1_000, rows, p=shares).astype(str)), OPTIONS
        )
        for _ in range(300)
    ]
    assert sum(one is not None for one in found) <= 3
