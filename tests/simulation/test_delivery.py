"""The whole simulation: deterministic, disjoint, and every change in its own weeks only."""

import json
from datetime import date, timedelta
from io import StringIO
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.delivery import Simulated, simulate
from churn_monitoring.simulation.region import find_region
from churn_monitoring.simulation.world import World
from churn_monitoring.tables.coerce import coerce_rows, read_labels

KINDS = [kind for kind in get_args(Change.model_fields["kind"].annotation) if kind not in ("season", "new_region")]
ALWAYS = {"season": {"from_week": 1}, "new_region": {"from_week": 2}}  # touch the training table and all weeks
Case = tuple[TableSchema, pd.DataFrame | None, str]


@pytest.fixture(params=["world", "replay"])
def case(
    request: pytest.FixtureRequest,
    schema: TableSchema,
    small_schema: TableSchema,
    small_table: pd.DataFrame,
) -> Case:
    if request.param == "world":
        return schema, None, "world"
    return small_schema, small_table, "replay"


def as_bytes(simulated: Simulated) -> dict[str, bytes]:
    tables = {"customers": simulated.customers, **simulated.batches}
    tables |= {f"labels {day}": table for day, table in simulated.labels.items()}
    return {name: table.to_csv(index=False).encode() for name, table in tables.items()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(case: Case, make_options) -> None:
    schema, table, source = case
    changes = [Change(kind=kind, from_week=1, strength=0.5) for kind in KINDS]
    changes += [Change(kind=kind, strength=0.5, **fields) for kind, fields in ALWAYS.items()]
    first, again, other = (
        simulate(schema, make_options(*changes, source=source, seed=seed, returning_share=0.2, weeks=2), table)
        for seed in (1, 1, 2)
    )
    assert first.truth == again.truth
    one, same, different = map(as_bytes, (first, again, other))
    assert one == same
    assert all(one[name] != different[name] for name in one)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_touches_its_own_week_and_no_other(case: Case, make_options, kind: str) -> None:
    schema, table, source = case
    quiet = simulate(schema, make_options(source=source), table)
    change = Change(kind=kind, from_week=2, to_week=3)
    struck = simulate(schema, make_options(change, source=source), table)
    pd.testing.assert_frame_equal(quiet.customers, struck.customers)
    for week, batch_id in enumerate(quiet.batches, start=1):
        same = quiet.batches[batch_id].equals(struck.batches[batch_id])
        assert same == (week not in (2, 3))
        assert [entry["kind"] for entry in struck.truth[batch_id]["changes"]] == ([] if same else [kind])
        if same:
            assert struck.truth[batch_id] == quiet.truth[batch_id]


def test_a_second_fault_leaves_the_random_numbers_of_the_first_alone(case: Case, make_options) -> None:
    schema, table, source = case
    burst = Change(kind="missing_burst", from_week=1, column=schema.numeric[0], strength=0.3)
    other = Change(kind="new_category", from_week=1, column=schema.categorical[0], strength=0.3)
    alone, both = (
        simulate(schema, make_options(*changes, source=source), table) for changes in ([burst], [other, burst])
    )
    column = schema.numeric[0]
    for batch_id in alone.batches:
        pd.testing.assert_series_equal(alone.batches[batch_id][column], both.batches[batch_id][column])


def test_no_customer_is_met_twice(case: Case, make_options) -> None:
    schema, table, source = case
    changes = [Change(kind=kind, from_week=2) for kind in ("covariate_shift", "label_shift", "concept_drift")]
    simulated = simulate(schema, make_options(*changes, source=source), table)
    ids = pd.concat([simulated.customers, *simulated.batches.values()])[schema.id]
    assert ids.is_unique
    assert {len(batch) for batch in simulated.batches.values()} == {200}


def test_batches_are_weekly_iso_dates_from_the_start(case: Case, make_options) -> None:
    schema, table, source = case
    simulated = simulate(schema, make_options(source=source), table)
    expected = ["2025-01-06", "2025-01-13", "2025-01-20", "2025-01-27"]
    assert list(simulated.batches) == list(simulated.truth) == expected
    assert [simulated.truth[batch_id]["week"] for batch_id in expected] == [1, 2, 3, 4]


def test_without_delay_the_label_is_in_the_batch(case: Case, make_options) -> None:
    schema, table, source = case
    simulated = simulate(schema, make_options(source=source), table)
    assert simulated.labels == {}
    for batch_id, batch in simulated.batches.items():
        rate = read_labels(batch[schema.target], schema).mean()
        assert simulated.truth[batch_id]["churn_rate"] == pytest.approx(rate)


def test_late_labels_come_in_a_file_of_their_arrival_and_are_the_same(case: Case, make_options) -> None:
    schema, table, source = case
    at_once = simulate(schema, make_options(source=source), table)
    late = simulate(schema, make_options(source=source, label_delay_weeks=3), table)
    assert late.truth == at_once.truth
    for (batch_id, batch), (arrival, labels) in zip(late.batches.items(), late.labels.items(), strict=True):
        assert date.fromisoformat(arrival) - date.fromisoformat(batch_id) == timedelta(weeks=3)
        assert schema.target not in batch
        assert list(labels.columns) == [schema.id, schema.target, "batch"]
        assert set(labels["batch"]) == {batch_id}
        joined = batch.merge(labels.drop(columns="batch"), on=schema.id, validate="one_to_one")
        pd.testing.assert_frame_equal(joined[at_once.batches[batch_id].columns], at_once.batches[batch_id])


def test_repeated_rows_are_labelled_once(case: Case, make_options) -> None:
    schema, table, source = case
    double = Change(kind="duplicates", from_week=1, strength=0.5)
    simulated = simulate(schema, make_options(double, source=source, label_delay_weeks=1), table)
    assert {len(batch) for batch in simulated.batches.values()} == {300}
    assert all(len(labels) == 200 and labels[schema.id].is_unique for labels in simulated.labels.values())


def test_unknown_labels_are_in_no_label_file_and_in_no_rate(
    small_schema: TableSchema, small_table: pd.DataFrame, make_options
) -> None:
    unknown = small_table.assign(left=small_table["left"].mask(small_table["flag"] == "1"))
    simulated = simulate(small_schema, make_options(source="replay", label_delay_weeks=1), unknown)
    for labels, truth in zip(simulated.labels.values(), simulated.truth.values(), strict=True):
        assert 0 < len(labels) < 200
        assert truth["churn_rate"] == pytest.approx((labels["left"] == "1").mean())


def test_the_truth_is_json_and_knows_the_best_roc_auc_of_the_world_only(case: Case, make_options) -> None:
    schema, table, source = case
    changes = [Change(kind=kind, from_week=3) for kind in KINDS]
    truth = simulate(schema, make_options(*changes, source=source), table).truth
    assert json.loads(json.dumps(truth, allow_nan=False)) == truth
    for entry in truth.values():
        assert set(entry) == {"week", "changes", "churn_rate", "best_roc_auc"}
        assert (entry["best_roc_auc"] is None) == (source == "replay")
        assert all(set(change) - {"columns"} == {"kind", "column", "strength"} for change in entry["changes"])
    struck = {change["kind"]: change["column"] for change in truth["2025-01-27"]["changes"]}
    assert struck["broken_column"] in schema.numeric
    assert struck["new_category"] in schema.categorical
    several = {change["kind"]: change["columns"] for change in truth["2025-01-27"]["changes"] if "columns" in change}
    assert {kind: len(columns) for kind, columns in several.items()} == {"joined_columns": 1, "swapped_columns": 2}


def test_the_truth_tells_how_strong_a_gradual_change_is_by_now(case: Case, make_options) -> None:
    schema, table, source = case
    gradual = Change(kind="missing_burst", from_week=2, ramp_weeks=4, strength=0.8)
    simulated = simulate(schema, make_options(gradual, source=source), table)
    told = [entry["changes"][0]["strength"] for entry in simulated.truth.values() if entry["changes"]]
    assert told == pytest.approx([0.2, 0.4, 0.6])
    lost = [batch[list(schema.numeric)].isna().sum().max() for batch in simulated.batches.values()]
    assert lost[1:] == pytest.approx([40, 80, 120], abs=3)


def test_a_local_drift_turns_the_world_inside_its_region_only(schema: TableSchema, make_options) -> None:
    local = Change(kind="local_concept_drift", from_week=1, column="contract", strength=0.3)
    world = World(schema, make_options(local))
    old, new = world.draw(1, 200, ()), world.draw(1, 200, world.timeline)
    inside = find_region(world.known, "contract", 0.3).contains(world.known, new.rows)
    assert 0 < inside.sum() < 200
    assert old.probability is not None
    assert new.probability is not None
    np.testing.assert_array_equal(old.probability[~inside], new.probability[~inside])
    assert (old.probability[inside] != new.probability[inside]).all()
    pd.testing.assert_frame_equal(old.rows.drop(columns="churned"), new.rows.drop(columns="churned"))


def test_on_replay_a_local_drift_is_a_concept_drift(small_schema, small_table, make_options) -> None:
    fields = {"from_week": 2, "column": "size", "strength": 0.4}
    one, other = (
        simulate(small_schema, make_options(Change(kind=kind, **fields), source="replay"), small_table)
        for kind in ("concept_drift", "local_concept_drift")
    )
    assert as_bytes(one) == as_bytes(other)


def test_a_gradual_drift_ends_where_a_sudden_one_begins(case: Case, make_options) -> None:
    schema, table, source = case
    sudden, gradual = (
        simulate(schema, make_options(Change(kind="concept_drift", from_week=2, **ramp), source=source), table)
        for ramp in ({}, {"ramp_weeks": 3})
    )
    assert [sudden.batches[day].equals(gradual.batches[day]) for day in sudden.batches] == [True, False, False, True]


def test_a_wrong_delimiter_comes_after_all_other_faults(case: Case, make_options) -> None:
    schema, table, source = case
    changes = [Change(kind="wrong_delimiter", from_week=1), Change(kind="missing_burst", from_week=1, strength=0.5)]
    simulated = simulate(schema, make_options(*changes, source=source, label_delay_weeks=1), table)
    for batch in simulated.batches.values():
        (header,) = batch.columns
        read = pd.read_csv(StringIO("\n".join([header, *batch[header]])), sep=";")
        assert set(schema.features) < set(read)
        assert schema.target not in read
        assert read[list(schema.numeric)].isna().sum().max() >= 100


def test_an_unknown_column_is_refused_before_anything_is_drawn(case: Case, make_options) -> None:
    schema, table, source = case
    later = Change(kind="missing_burst", from_week=99, column="colour")
    with pytest.raises(ConfigurationError, match=r"'colour'; choose one of"):
        simulate(schema, make_options(later, source=source), table)


def test_the_world_turns_its_whole_concept(schema: TableSchema, make_options) -> None:
    one_column = Change(kind="concept_drift", from_week=1, column="age")
    with pytest.raises(ConfigurationError, match="whole rows: leave it null"):
        simulate(schema, make_options(one_column), None)


def test_a_replay_without_a_table_is_refused(schema: TableSchema, make_options) -> None:
    with pytest.raises(ConfigurationError, match="no table was given"):
        simulate(schema, make_options(source="replay"), None)


def large(make_options, *changes: Change) -> SimulationOptions:
    return make_options(*changes, weeks=2, batch_rows=4000, customers=1000)


def test_a_covariate_shift_moves_its_column_upwards_and_not_the_concept(schema: TableSchema, make_options) -> None:
    change = Change(kind="covariate_shift", from_week=2, column="support_calls", strength=0.7)
    options = large(make_options, change)
    simulated = simulate(schema, options, None)
    calm, shifted = (batch["support_calls"] for batch in simulated.batches.values())
    assert shifted.mean() > calm.mean() + 0.3 * calm.std()
    pool = World(schema, options).draw(2, 8000, ())
    p = pool.probability[pool.rows["customer_id"].isin(simulated.batches["2025-01-13"]["customer_id"])]
    rate = simulated.truth["2025-01-13"]["churn_rate"]
    assert abs(rate - p.mean()) < 4 * np.sqrt((p * (1 - p)).sum()) / len(p)


def test_a_label_shift_doubles_the_churn_rate_and_leaves_each_class_as_it_was(
    schema: TableSchema, make_options
) -> None:
    change = Change(kind="label_shift", from_week=2)
    simulated = simulate(schema, large(make_options, change), None)
    calm, shifted = simulated.batches.values()
    rates = [truth["churn_rate"] for truth in simulated.truth.values()]
    assert rates[1] > 0.45 > 0.30 > rates[0]
    for label in ("yes", "no"):
        for column in schema.numeric:
            one, two = (batch.loc[batch["churned"] == label, column].dropna() for batch in (calm, shifted))
            assert stats.ks_2samp(one, two).pvalue > 1e-4
    best = [truth["best_roc_auc"] for truth in simulated.truth.values()]
    assert best[1] == pytest.approx(best[0], abs=0.015)


def test_weak_shifts_move_less_than_strong_ones(case: Case, make_options) -> None:
    schema, table, source = case
    rates = []
    for strength in (0.0, 0.3, 1.0):
        change = Change(kind="label_shift", from_week=1, strength=strength)
        truth = simulate(schema, make_options(change, source=source), table).truth
        rates.append(np.mean([entry["churn_rate"] for entry in truth.values()]))
    assert rates[0] + 0.03 < rates[1] < rates[2] - 0.03


def encode(rows: pd.DataFrame, schema: TableSchema, levels: dict[str, list[str]]) -> np.ndarray:
    coerced = coerce_rows(rows, schema).rows
    numbers = coerced[list(schema.numeric)].fillna(-1)
    codes = {c: pd.Categorical(coerced[c], categories=levels[c]).codes for c in schema.categorical}
    return numbers.assign(**codes).to_numpy(dtype=float)


def fit_and_score(train: pd.DataFrame, test: pd.DataFrame, schema: TableSchema, levels: dict[str, list[str]]) -> float:
    forest = RandomForestClassifier(200, min_samples_leaf=10, random_state=0, n_jobs=1)
    forest.fit(encode(train, schema, levels), read_labels(train[schema.target], schema))
    scores = forest.predict_proba(encode(test, schema, levels))[:, 1]
    return float(roc_auc_score(read_labels(test[schema.target], schema), scores))


def test_on_real_tables_concept_drift_breaks_a_champion_and_new_rows_mend_it(
    real: tuple[pd.DataFrame, TableSchema], make_options
) -> None:
    table, schema = real
    drift = Change(kind="concept_drift", from_week=3, strength=0.4)
    options = make_options(drift, source="replay", weeks=8, batch_rows=500)
    simulated = simulate(schema, options, table)
    texts = coerce_rows(table, schema).rows
    levels = {name: sorted(texts[name].dropna().unique()) for name in schema.categorical}
    batches = list(simulated.batches.values())
    before, first, second = (pd.concat(batches[a:b]) for a, b in ((0, 2), (2, 5), (5, 8)))
    assert fit_and_score(simulated.customers, before, schema, levels) > 0.80
    assert fit_and_score(simulated.customers, second, schema, levels) < 0.68
    assert fit_and_score(first, second, schema, levels) > 0.75


def test_on_real_tables_every_value_is_passed_on_as_it_is_spelt(
    real: tuple[pd.DataFrame, TableSchema], make_options
) -> None:
    table, schema = real
    simulated = simulate(schema, make_options(source="replay"), table)
    everyone = pd.concat([simulated.customers, *simulated.batches.values()])
    original = table.set_index(schema.id).loc[everyone[schema.id]].reset_index()[table.columns]
    pd.testing.assert_frame_equal(everyone.reset_index(drop=True), original)
