"""Which batch is next, and what becomes of one that cannot be monitored."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import DataError, NothingToDo
from churn_monitoring.pipelines.monitoring.intake import Batch, choose_batch, find_waiting, plan_batch_scan, read_batch


@pytest.fixture
def weeks(deliver):
    return {f"2026-03-{day:02}": deliver(f"2026-03-{day:02}") for day in (2, 9, 16)}


def test_the_oldest_batch_not_yet_judged_is_next(weeks, judge):
    first, second, third = weeks.values()
    assert choose_batch(weeks, [], None, None).batch_id == "2026-03-02"
    assert choose_batch(weeks, [judge(first)], None, None).batch_id == "2026-03-09"
    assert choose_batch(weeks, [judge(first), judge(second)], None, None).delivery is third


def test_an_older_batch_that_arrives_late_is_next(weeks, judge):
    ledger = [judge(weeks[day]) for day in ("2026-03-09", "2026-03-16")]
    assert choose_batch(weeks, ledger, None, None).batch_id == "2026-03-02"


def test_a_corrected_delivery_waits_again(weeks, judge, deliver):
    ledger = [judge(delivery) for delivery in weeks.values()]
    longer = deliver("2026-03-09", content="corrected", modified_ns=2)
    as_long = deliver("2026-03-09", content="fixed", modified_ns=2)
    for corrected in (longer, as_long):
        chosen = choose_batch({**weeks, "2026-03-09": corrected}, ledger, None, None)
        assert chosen.delivery is corrected


def test_a_delivery_that_was_only_touched_does_not_wait_again(weeks, judge, deliver):
    ledger = [judge(delivery) for delivery in weeks.values()]
    touched = deliver("2026-03-09", modified_ns=2)
    assert find_waiting({**weeks, "2026-03-09": touched}, ledger) == []


def test_a_rejected_batch_does_not_wait_again_until_it_is_delivered_again(weeks, judge):
    ledger = [judge(delivery, "fix_data", rejected=True) for delivery in weeks.values()]
    assert find_waiting(weeks, ledger) == []


def test_a_batch_asked_for_is_judged_again(weeks, judge):
    ledger = [judge(delivery) for delivery in weeks.values()]
    assert choose_batch(weeks, ledger, "2026-03-09", None).batch_id == "2026-03-09"


def test_a_batch_id_may_look_like_a_number(deliver):
    assert choose_batch({"17": deliver("17")}, [], 17, None).batch_id == "17"


def test_a_batch_asked_for_that_is_not_there_is_told_with_the_newest_that_are(weeks):
    with pytest.raises(DataError, match=r"no batch '2026-04-06' .*newest: 2026-03-02, 2026-03-09, 2026-03-16"):
        choose_batch(weeks, [], "2026-04-06", None)


def test_nothing_waiting_is_told_apart_from_an_empty_folder(weeks, judge):
    with pytest.raises(NothingToDo, match="holds no new batch"):
        choose_batch(weeks, [judge(delivery) for delivery in weeks.values()], None, None)
    with pytest.raises(NothingToDo, match="is empty"):
        choose_batch({}, [], None, None)


def test_a_batch_is_judged_on_its_own_date_unless_another_is_given(weeks):
    own, given = choose_batch(weeks, [], None, None), choose_batch(weeks, [], None, "2026-05-01")
    assert (own.batch_date, own.as_of) == (date(2026, 3, 2), date(2026, 3, 2))
    assert (given.batch_date, given.as_of) == (date(2026, 3, 2), date(2026, 5, 1))


def test_a_batch_whose_id_is_no_date_is_of_the_day_it_is_judged_on(deliver):
    named = {"spring": deliver("spring")}
    assert choose_batch(named, [], None, "2026-05-01").batch_date == date(2026, 5, 1)
    assert choose_batch(named, [], None, None).batch_date == datetime.now(tz=UTC).date()


@pytest.mark.parametrize("there", [True, False])
def test_a_day_that_is_none_is_told_whatever_is_waiting(weeks, there):
    with pytest.raises(DataError, match="as_of 'tomorrow' is no date"):
        choose_batch(weeks if there else {}, [], None, "tomorrow")


@pytest.fixture
def read(deliver, champion, parameters):
    def call(rows):
        delivery = deliver("2026-03-02", rows)
        batch = Batch("2026-03-02", date(2026, 3, 2), date(2026, 3, 2), delivery)
        return read_batch(batch, plan_batch_scan(champion, parameters))

    return call


RAW = pd.DataFrame({"plan": ["monthly", " "], "age": ["41", "n/a"], "customer": ["007", "8"], "more": [1, 2]})


def test_rows_are_coerced_and_what_the_schema_does_not_name_is_left_out(read, champion):
    before = RAW.copy()
    found, _ = read(RAW)
    assert found.rejection is None
    assert list(found.rows) == ["customer", "age", "plan"]
    assert found.rows["customer"].tolist() == ["007", "8"]
    assert found.unparseable == {"age": 1}
    assert found.labels.isna().tolist() == [True, True]
    pd.testing.assert_frame_equal(RAW, before)


def test_labels_in_the_batch_are_read_and_a_blank_one_is_unknown(read):
    found, _ = read(pd.concat([RAW] * 2, ignore_index=True).assign(left=["yes", "no", " ", None]))
    assert np.array_equal(found.labels, [1.0, 0.0, np.nan, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("rows", "check", "column", "said"),
    [
        (DataError("data/x.csv cannot be read: deliver it again."), "unreadable", None, ["data/x.csv cannot be read"]),
        (RAW.drop(columns="age"), "missing_column", "age", ["lacks column age", "it has: plan, customer, more"]),
        (RAW[["more"]], "missing_column", "customer", ["lacks columns customer, age, plan"]),
        (pd.DataFrame({"customer;age;plan": ["1;2;x"]}), "missing_column", "customer", ["separated by ';'"]),
        (RAW.head(0), "empty_batch", None, ["no rows"]),
    ],
)
def test_what_cannot_be_monitored_is_a_rejection_with_a_remedy(read, rows, check, column, said):
    found, predictions = read(rows)
    assert len(predictions["2026-03-02"]) == 0
    assert found.rows.empty
    assert len(found.labels) == 0
    assert (found.rejection.check, found.rejection.column, found.rejection.severity) == (check, column, "failed")
    assert all(part in found.rejection.message for part in [*said, "deliver it again"])
    if check != "unreadable":
        assert found.rejection.message.startswith("data/01_raw/production/2026-03-02.csv ")
