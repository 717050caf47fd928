"""Late, partial and contradictory labels; what was not known on a day is not used on it."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import binom, mannwhitneyu

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import LabelOptions, TableSchema
from churn_monitoring.performance.labels import LabelTable, explain_unusable, gather_labels, is_mature, join_labels

BASE = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text(encoding="utf-8"))
SHIPPED = LabelOptions(**BASE["labels"])

SCHEMA = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=[], ignored=[]
)
DAY = date(2026, 3, 2)


def given_file(**columns: list[object]) -> Callable[[], pd.DataFrame]:
    return lambda: pd.DataFrame(columns)


def broken_file() -> pd.DataFrame:
    raise DataError("data/01_raw/labels/late.csv cannot be read: deliver the file again.")


def join(
    labels: LabelTable, *ids: str | None, batch: str = "2026-02-02", own: list[float] | None = None
) -> list[float]:
    series = pd.Series(list(ids), dtype=object)
    known = join_labels(series, pd.Series(own or [np.nan] * len(ids), dtype=float), batch, labels)
    assert known.index.equals(series.index)
    return known.tolist()


def same(found: list[float], expected: list[float]) -> bool:
    return bool(np.array_equal(found, expected, equal_nan=True))


def test_columns_may_bear_the_names_of_the_schema_or_plain_ones() -> None:
    files = {
        "a": given_file(customer=["1"], left=["yes"]),
        "b": given_file(id=["2"], label=["no"]),
        "c": given_file(customer=["3"], label=["yes"]),
    }
    table = gather_labels(files, SCHEMA, DAY)
    assert table.problems == ()
    assert same(join(table, "1", "2", "3"), [1.0, 0.0, 1.0])


def test_the_names_of_the_schema_win_where_both_are_there() -> None:
    table = gather_labels({"a": given_file(id=["9"], customer=["1"], label=["no"], left=["yes"])}, SCHEMA, DAY)
    assert table.rows[["id", "label"]].to_numpy().tolist() == [["1", 1.0]]


def test_unlabelled_never_means_stayed() -> None:
    table = gather_labels({"a": given_file(id=["1", "2", "3"], label=["no", None, "  "])}, SCHEMA, DAY)
    assert same(join(table, "1", "2", "3", "4", None), [0.0, np.nan, np.nan, np.nan, np.nan])


def test_a_blank_label_does_not_take_back_a_known_one() -> None:
    files = {"a": given_file(id=["1"], label=["yes"]), "b": given_file(id=["1"], label=[None])}
    assert join(gather_labels(files, SCHEMA, DAY), "1") == [1.0]


def test_of_contradictory_labels_the_later_one_counts() -> None:
    first = given_file(id=["1", "1", "2"], label=["yes", "no", "no"])
    table = gather_labels({"2026-02-09": first, "2026-02-16": given_file(id=["2"], label=["yes"])}, SCHEMA, DAY)
    assert join(table, "1", "2") == [0.0, 1.0]


def test_a_dated_file_is_neither_used_nor_read_before_its_date() -> None:
    files = {"2026-03-02": given_file(id=["1"], label=["yes"]), "2026-03-03": broken_file}
    today = gather_labels(files, SCHEMA, DAY)
    assert (today.problems, join(today, "1")) == ((), [1.0])
    assert len(gather_labels(files, SCHEMA, date(2026, 3, 3)).problems) == 1
    assert gather_labels(files, SCHEMA, date(2026, 3, 1)).rows.empty


def test_a_file_without_a_date_in_its_name_is_always_known() -> None:
    table = gather_labels({"corrections": given_file(id=["1"], label=["yes"])}, SCHEMA, date(1999, 1, 1))
    assert join(table, "1") == [1.0]


def test_a_label_tied_to_a_batch_is_for_that_batch_only() -> None:
    file = given_file(id=["1", "1", "2"], label=["yes", "no", "yes"], batch=["2026-02-02", "2026-02-09", None])
    table = gather_labels({"a": file}, SCHEMA, DAY)
    assert join(table, "1", "2", batch="2026-02-02") == [1.0, 1.0]
    assert join(table, "1", "2", batch="2026-02-09") == [0.0, 1.0]
    assert same(join(table, "1", "2", batch="2026-02-16"), [np.nan, 1.0])


def test_files_with_and_without_the_batch_column_go_together() -> None:
    tied = given_file(id=["1"], label=["yes"], batch=["2026-02-02"])
    table = gather_labels({"a": tied, "b": given_file(id=["2"], label=["no"])}, SCHEMA, DAY)
    assert join(table, "1", "2") == [1.0, 0.0]


def test_a_file_overrules_the_label_the_batch_came_with_and_nothing_else_does() -> None:
    table = gather_labels({"a": given_file(id=["1", "2"], label=["yes", None])}, SCHEMA, DAY)
    assert same(join(table, "1", "2", "3", own=[0.0, 0.0, np.nan]), [1.0, 0.0, np.nan])


def test_ids_are_the_same_customer_however_they_are_written() -> None:
    boolean = SCHEMA.model_copy(update={"positive": True})
    files = {"a": given_file(id=[7, 8.0], label=[True, False]), "b": given_file(id=[" 9 "], label=["yes"])}
    table = gather_labels(files, boolean, DAY)
    assert join(table, "7", "8") == [1.0, 0.0]
    assert "9" in set(table.rows["id"])


def test_labels_of_nobody_and_files_without_rows_change_nothing() -> None:
    files = {"a": given_file(id=[None, "unknown"], label=["yes", "yes"]), "b": given_file(id=[], label=[])}
    table = gather_labels(files, SCHEMA, DAY)
    assert same(join(table, "1", None), [np.nan, np.nan])


def test_a_customer_twice_in_a_batch_gets_the_label_twice() -> None:
    table = gather_labels({"a": given_file(id=["1"], label=["yes"])}, SCHEMA, DAY)
    assert join(table, "1", "1") == [1.0, 1.0]


def test_without_files_a_batch_keeps_its_own_labels() -> None:
    table = gather_labels({}, SCHEMA, DAY)
    assert table.problems == ()
    assert same(join(table, "1", "2", own=[1.0, np.nan]), [1.0, np.nan])
    assert join(table) == []


def test_files_that_cannot_be_used_are_one_problem_that_names_each_and_the_others_count() -> None:
    files = {
        "late": broken_file,
        "odd": given_file(who=["1"], outcome=["yes"]),
        "good": given_file(id=["1"], label=["yes"]),
    }
    table = gather_labels(files, SCHEMA, DAY)
    assert join(table, "1") == [1.0]
    (problem,) = table.problems
    assert (problem.check, problem.column, problem.severity, problem.value) == ("label_file", None, "warning", 2.0)
    assert "late.csv" in problem.message
    assert "odd.csv has the columns who, outcome; it needs customer (or id) and left (or label)" in problem.message


def test_a_defect_in_reading_is_not_mistaken_for_a_bad_file() -> None:
    def defective() -> pd.DataFrame:
        raise KeyError("a defect of ours")

    with pytest.raises(KeyError, match="a defect of ours"):
        gather_labels({"a": defective}, SCHEMA, DAY)


def test_nothing_that_is_given_is_changed() -> None:
    delivered = pd.DataFrame({"id": [1, 2], "label": ["yes", None], "batch": ["b", None]})
    ids, own = pd.Series(["1", "2"]), pd.Series([0.0, np.nan])
    before = delivered.copy(), ids.copy(), own.copy()
    table = gather_labels({"a": lambda: delivered}, SCHEMA, DAY)
    rows = table.rows.copy()
    join_labels(ids, own, "b", table)
    pd.testing.assert_frame_equal(delivered, before[0])
    pd.testing.assert_series_equal(ids, before[1])
    pd.testing.assert_series_equal(own, before[2])
    pd.testing.assert_frame_equal(table.rows, rows)


@pytest.mark.parametrize(
    ("today", "days", "mature"),
    [
        (date(2026, 3, 2), 0, True),
        (date(2026, 3, 31), 30, False),
        (date(2026, 4, 1), 30, True),
        (date(2026, 3, 1), 0, False),
    ],
)
def test_a_batch_is_mature_from_exactly_its_last_day_of_waiting(today: date, days: int, mature: bool) -> None:
    assert is_mature(DAY, today, days) is mature


LABELS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["yes", "no", None]))


@given(st.lists(LABELS, max_size=4), st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8))
def test_joining_agrees_with_remembering_the_last_known_label(
    files: list[dict[str, str | None]], ids: list[str]
) -> None:
    remembered: dict[str, float] = {}
    for file in files:
        remembered |= {who: float(label == "yes") for who, label in file.items() if label is not None}
    given_files = {
        f"file {number}": given_file(id=list(file), label=list(file.values())) for number, file in enumerate(files)
    }
    expected = [remembered.get(who, np.nan) for who in ids]
    assert same(join(gather_labels(given_files, SCHEMA, DAY), *ids), expected)


def draw_churners(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores of a champion of ROC-AUC 0.84, a quarter of the rows leaving."""
    rng = np.random.default_rng(seed)
    scores = expit(rng.normal(-1.5, 1.7, rows))
    return (rng.random(rows) < scores).astype(float), scores


def hold_back(seed: int, labels: np.ndarray, share: float) -> np.ndarray:
    """Which labels are known when this share of the churners is recorded late."""
    return (labels == 0.0) | (np.random.default_rng(seed).random(labels.size) >= share)


def test_without_any_label_the_reason_is_that_none_has_matured() -> None:
    assert explain_unusable(np.zeros(50, dtype=bool), np.linspace(0, 1, 50), SHIPPED) == "no label has matured yet"
    assert explain_unusable(np.empty(0, dtype=bool), np.empty(0), SHIPPED) == "no label has matured yet"


@pytest.mark.parametrize(("labelled", "usable"), [(99, False), (100, True), (200, True)])
def test_labels_count_from_exactly_the_coverage_that_is_needed(labelled: int, usable: bool) -> None:
    known = np.zeros(200, dtype=bool)
    known[np.random.default_rng(3).permutation(200)[:labelled]] = True
    reason = explain_unusable(known, np.linspace(0, 1, 200), SHIPPED)
    assert (reason is None) == usable
    if reason is not None:
        assert reason == "50% of the labels have come, 50% are needed: wait for the rest"


def test_a_dependence_on_the_score_is_told_with_both_means() -> None:
    scores = np.repeat([0.2, 0.8], 100)
    reason = explain_unusable(np.arange(200) < 150, scores, SHIPPED)
    assert reason == (
        "50 labels are still missing and not at random (mean score 0.80 against 0.40 of the others): wait for the rest"
    )


@given(
    st.lists(st.integers(0, 6), min_size=4, max_size=60),
    st.integers(1, 30),
    st.integers(0, 99),
)
def test_the_level_at_which_labels_are_refused_is_the_rank_sum_test_of_scipy(
    values: list[int], absent: int, seed: int
) -> None:
    scores = np.array(values, dtype=float)
    known = np.random.default_rng(seed).permutation(scores.size) >= min(absent, scores.size // 2)
    if np.ptp(scores) == 0.0:
        assert explain_unusable(known, scores, SHIPPED.model_copy(update={"missing_p_value": 0.999})) is None
        return
    p_value = mannwhitneyu(scores[~known], scores[known], use_continuity=False, method="asymptotic").pvalue
    above, below = (SHIPPED.model_copy(update={"missing_p_value": p_value + step}) for step in (1e-9, -1e-9))
    assert explain_unusable(known, scores, above) is not None
    assert explain_unusable(known, scores, below) is None


def test_labels_that_are_missing_at_random_are_refused_no_more_often_than_the_level_says() -> None:
    refused = 0
    for seed in range(2_000):
        _, scores = draw_churners(seed, 200)
        known = np.random.default_rng(9_000 + seed).random(200) >= 0.3
        refused += explain_unusable(known, scores, SHIPPED.model_copy(update={"missing_p_value": 0.01})) is not None
    assert binom.sf(refused - 1, 2_000, 0.01) > 0.001
    assert refused > 0


@pytest.mark.parametrize(("rows", "share", "at_least"), [(200, 1.0, 0.99), (200, 0.5, 0.75), (1_000, 0.5, 0.99)])
def test_churners_that_are_recorded_late_are_noticed(rows: int, share: float, at_least: float) -> None:
    noticed = 0
    for seed in range(200):
        labels, scores = draw_churners(seed, rows)
        noticed += explain_unusable(hold_back(seed, labels, share), scores, SHIPPED) is not None
    assert noticed >= at_least * 200


def test_looking_at_labels_changes_nothing() -> None:
    _, scores = draw_churners(1, 100)
    known = np.arange(100) % 3 > 0
    kept = known.copy(), scores.copy()
    explain_unusable(known, scores, SHIPPED)
    np.testing.assert_array_equal(known, kept[0])
    np.testing.assert_array_equal(scores, kept[1])
