from dataclasses import asdict
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.records import Finding
from churn_monitoring.quality.column_model import Dependencies
from churn_monitoring.quality.dependency import (
    dependencies_from_arrays,
    dependencies_to_arrays,
    find_surprising_rows,
    fit_dependencies,
    measure_dependencies,
)
from churn_monitoring.quality.facts import DependencyMeasure
from churn_monitoring.quality.joins import check_dependencies

from .conftest import SHIPPED, TARIFFS, draw_tariffs, join_wrongly

REFERENCE = draw_tariffs(1, 3_000)
WEAK_TOO = SHIPPED.model_copy(update={"dependency_min_r2": 0.03})
DEPENDENCIES = fit_dependencies(REFERENCE, TARIFFS, {}, WEAK_TOO, seed=5)


def _find(rows: pd.DataFrame, drift_share: float = 0.0, **changes: float) -> list[Finding]:
    measures = measure_dependencies(DEPENDENCIES, rows)
    return list(check_dependencies(len(rows), measures, drift_share, SHIPPED.model_copy(update=changes)))


def _columns(findings: list[Finding]) -> set[str | None]:
    return {finding.column for finding in findings}


def test_of_a_wide_table_only_the_most_important_columns_are_looked_at() -> None:
    two = SHIPPED.model_copy(update={"dependency_max_columns": 2})
    importance = {"tariff": 0.5, "senior": 0.1, "paid": 0.3, "months": 0.1}
    narrow = fit_dependencies(REFERENCE, TARIFFS, importance, two, seed=5)
    assert {coding.name for coding in narrow.codings} == {"tariff", "paid"}
    assert {model.column for model in narrow.models} <= {"tariff", "paid"}
    assert len(narrow.models) > 0


def test_columns_that_others_explain_are_kept_and_independent_ones_are_not() -> None:
    assert [model.column for model in DEPENDENCIES.models] == ["months", "paid", "tariff", "senior"]
    strong = fit_dependencies(REFERENCE, TARIFFS, {}, SHIPPED.model_copy(update={"dependency_min_r2": 0.10}), seed=5)
    assert [model.column for model in strong.models] == ["months", "paid", "tariff"]


def test_what_is_explained_is_no_more_than_the_information_there_is() -> None:
    # The information that a tariff of shares (.5, .3, .2) gives about a flag of 45 %, 15 %, 15 %: 0.053 nats.
    shares, rates = np.array([0.5, 0.5]), np.array([0.45, 0.15])
    mean = float(shares @ rates)
    entropy = -mean * np.log(mean) - (1 - mean) * np.log(1 - mean)
    within = -(shares @ (rates * np.log(rates) + (1 - rates) * np.log(1 - rates)))
    senior = DEPENDENCIES.models[-1]
    assert senior.explained == pytest.approx(entropy - within, abs=0.015)
    assert senior.r2 == pytest.approx((entropy - within) / entropy, abs=0.025)


@pytest.mark.parametrize("rows", [200, 300, 1_000, 6_000])
def test_with_nothing_wrong_there_is_no_finding_and_z_is_a_z_score(rows: int) -> None:
    batches = [draw_tariffs(100 + seed, rows) for seed in range(25 if rows < 1_000 else 8)]
    measures = [measure for batch in batches for measure in measure_dependencies(DEPENDENCIES, batch)]
    assert not any(_find(batch) for batch in batches)
    assert max(abs(measure.z) for measure in measures) < 4.0
    assert max(measure.nats for measure in measures) < 0.2


@pytest.mark.parametrize("columns", [("paid",), ("months",), ("tariff",), ("senior",), ("months", "tariff")])
@pytest.mark.parametrize("rows", [200, 1_000])
def test_columns_joined_from_the_wrong_rows_are_found(columns: tuple[str, ...], rows: int) -> None:
    for seed in range(200, 205):
        if columns == ("senior",) and rows == 200:
            continue  # 0.05 nats of information in 200 rows are not enough to tell
        findings = _find(join_wrongly(draw_tariffs(seed, rows), columns))
        assert findings, (columns, seed)
        assert {(finding.check, finding.severity) for finding in findings} == {("dependency", "failed")}
        assert all(finding.value > finding.limit for finding in findings)


def test_a_third_of_the_rows_misjoined_is_enough() -> None:
    assert {"paid", "tariff"} <= _columns(_find(join_wrongly(draw_tariffs(210, 1_000), ("paid",), share=0.3)))


def test_permuted_values_are_found_even_where_little_is_explained() -> None:
    batch = draw_tariffs(211, 1_000)
    turned = {"light": "flat", "flat": "max", "max": "light"}
    assert "tariff" in _columns(_find(batch.assign(tariff=batch["tariff"].map(turned).astype("str"))))
    flipped = batch.assign(senior=batch["senior"].map({"yes": "no", "no": "yes"}).astype("str"))
    assert _columns(_find(flipped)) == {"senior"}
    # Without the limit in terms of what is explained, 0.25 nats would let it pass.
    assert not _find(flipped, dependency_lost=99.0)


def test_a_permuted_column_that_is_independent_cannot_be_seen() -> None:
    batch = draw_tariffs(212, 1_000)
    turned = {"north": "south", "south": "east", "east": "north"}
    assert not _find(batch.assign(region=batch["region"].map(turned).astype("str")))


def test_the_column_that_is_broken_comes_first() -> None:
    assert _find(join_wrongly(draw_tariffs(213, 1_000), ("paid",)))[0].column == "paid"


def test_other_customers_are_no_fault() -> None:
    pool = draw_tariffs(220, 12_000)
    rng = np.random.default_rng(3)
    for name in ("months", "paid", "tariff", "senior", "region"):
        for sign in (1.0, -1.0):
            keys = sign * 3.0 * pool[name].rank(pct=True).to_numpy() + rng.gumbel(size=len(pool))
            shifted = pool.iloc[np.argsort(keys)[-1_500:]]
            measures = measure_dependencies(DEPENDENCIES, shifted)
            assert not _find(shifted), (name, sign)
            assert max(measure.nats for measure in measures) < 0.15, (name, sign)


def test_a_price_rise_is_no_fault() -> None:
    batch = draw_tariffs(221, 1_000)
    assert not _find(batch.assign(paid=batch["paid"] * 1.1))


def test_customers_whose_like_the_reference_never_had_are_left_out() -> None:
    known = REFERENCE[~REFERENCE["months"].between(20, 50)]
    dependencies = fit_dependencies(known, TARIFFS, {}, SHIPPED, seed=5)
    batch = draw_tariffs(222, 1_000)
    measures = measure_dependencies(dependencies, batch)
    known_rows = int((~batch["months"].between(20, 50)).sum())
    assert all(known_rows - 10 <= measure.rows <= known_rows for measure in measures)
    assert not list(check_dependencies(1_000, measures, 0.0, SHIPPED))
    new = batch.assign(tariff=batch["tariff"].mask(np.arange(1_000) < 300, "family"))
    assert all(690 <= measure.rows <= 700 for measure in measure_dependencies(DEPENDENCIES, new))


def test_limits_from_the_parameters_change_the_verdict() -> None:
    broken = join_wrongly(draw_tariffs(223, 1_000), ("paid",), share=0.3)
    assert _find(broken)
    assert not _find(broken, dependency_nats=9.0, dependency_lost=9.0)
    assert not _find(broken, dependency_z=500.0)
    assert not _find(broken, drift_share=0.31)
    assert _find(broken, drift_share=0.31, dependency_max_drift_share=0.5)
    assert not _find(broken, min_rows=1_001)


def test_no_rows_few_rows_and_a_missing_column_give_no_measure() -> None:
    batch = draw_tariffs(224, 1_000)
    for rows in (batch.iloc[:0], batch.iloc[:19], batch.drop(columns="paid"), batch.assign(paid=np.nan)):
        assert measure_dependencies(DEPENDENCIES, rows) == ()
    assert len(measure_dependencies(DEPENDENCIES, batch.iloc[:60])) == 4


def test_missing_values_that_the_reference_has_are_a_class_of_their_own() -> None:
    def lose(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(paid=rows["paid"].mask(rows["tariff"] == "max"))  # nobody notes what a flat fee brings

    dependencies = fit_dependencies(lose(REFERENCE), TARIFFS, {}, SHIPPED, seed=5)
    batch = lose(draw_tariffs(225, 1_000))
    measures = measure_dependencies(dependencies, batch)
    assert {measure.rows for measure in measures} == {1_000}
    assert not list(check_dependencies(1_000, measures, 0.0, SHIPPED))
    broken = measure_dependencies(dependencies, join_wrongly(batch, ("paid",)))
    assert {"paid", "tariff"} <= _columns(list(check_dependencies(1_000, broken, 0.0, SHIPPED)))


def test_a_table_of_independent_columns_has_no_models() -> None:
    rng = np.random.default_rng(1)
    for rows in (0, 30, 2_000):
        table = pd.DataFrame({name: rng.normal(size=rows) for name in ("months", "paid")})
        table = table.assign(**{name: rng.choice(["a", "b"], rows) for name in ("tariff", "senior", "region")})
        assert fit_dependencies(table, TARIFFS, {}, WEAK_TOO, seed=1).models == ()


def test_constant_empty_and_single_columns_do_no_harm() -> None:
    table = REFERENCE.assign(region="north", senior=None)
    models = fit_dependencies(table, TARIFFS, {}, SHIPPED, seed=1).models
    assert [model.column for model in models] == ["months", "paid", "tariff"]
    alone = TableSchema(id="id", target="y", positive=1, date=None, numeric=("paid",), categorical=(), ignored=())
    assert fit_dependencies(REFERENCE, alone, {}, SHIPPED, seed=1).models == ()


def test_the_same_seed_gives_the_same_models_and_nothing_is_changed() -> None:
    rows = draw_tariffs(1, 1_200)
    kept = rows.copy()
    small = SHIPPED.model_copy(update={"dependency_max_rows": 1_000})
    first, second = (fit_dependencies(rows, TARIFFS, {}, small, seed=8) for _ in range(2))
    batch = draw_tariffs(2, 1_500)
    assert measure_dependencies(first, batch) == measure_dependencies(second, batch)
    assert {measure.rows for measure in measure_dependencies(first, batch)} <= set(range(990, 1_001))
    pd.testing.assert_frame_equal(rows, kept)


def test_rows_of_one_customer_are_not_held_out_from_each_other() -> None:
    """A customer who comes five times would else be recognized, and a pure chance relation believed."""
    rng = np.random.default_rng(2)
    once = pd.DataFrame({name: rng.normal(size=120) for name in ("months", "paid")})
    once = once.assign(
        id=[f"c{row}" for row in range(120)], tariff=rng.choice(["a", "b"], 120), senior="no", region="x"
    )
    often = pd.concat([once] * 12, ignore_index=True)
    assert fit_dependencies(often, TARIFFS, {}, WEAK_TOO, seed=1).models == ()
    apart = often.assign(id=[f"c{row}" for row in range(len(often))])
    assert fit_dependencies(apart, TARIFFS, {}, WEAK_TOO, seed=1).models != ()


def test_dependencies_survive_a_file_without_pickle() -> None:
    stream = BytesIO()
    np.savez_compressed(stream, **dependencies_to_arrays(DEPENDENCIES))
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as arrays:
        read = dependencies_from_arrays(arrays)
    assert read.codings == DEPENDENCIES.codings
    batch = draw_tariffs(226, 500)
    assert measure_dependencies(read, batch) == measure_dependencies(DEPENDENCIES, batch)
    assert dependencies_from_arrays(dependencies_to_arrays(Dependencies((), (), 7))).max_rows == 7


def test_another_format_is_refused() -> None:
    arrays = dependencies_to_arrays(DEPENDENCIES)
    header = arrays["header"].tobytes().replace(b'"format": 1', b'"format": 2')
    with pytest.raises(ValueError, match="format 2"):
        dependencies_from_arrays({**arrays, "header": np.frombuffer(header, dtype=np.uint8)})


def test_a_measure_is_plain_numbers() -> None:
    for measure in measure_dependencies(DEPENDENCIES, draw_tariffs(227, 300)):
        assert isinstance(measure, DependencyMeasure)
        assert {type(value) for value in asdict(measure).values()} == {str, float, int}


def test_the_most_surprising_rows_are_the_wrong_ones() -> None:
    batch = draw_tariffs(228, 1_000)
    batch.loc[[3, 500, 999], ["months", "paid"]] = [[70.0, 30.0], [1.0, 4_000.0], [72.0, 15.0]]
    assert {3, 500, 999} <= set(find_surprising_rows(DEPENDENCIES, batch, "paid")[:12].tolist())
    assert find_surprising_rows(DEPENDENCIES, batch, "region").size == 0
    assert find_surprising_rows(DEPENDENCIES, batch.iloc[:0], "paid").size == 0


@pytest.mark.slow
def test_thousands_of_quiet_batches_have_no_finding() -> None:
    z = []
    for seed in range(8):
        dependencies = fit_dependencies(draw_tariffs(1_000 + seed, 3_000), TARIFFS, {}, WEAK_TOO, seed)
        for number in range(250):
            batch = draw_tariffs(10_000 + 250 * seed + number, 200 if number % 2 else 1_000)
            measures = measure_dependencies(dependencies, batch)
            assert not list(check_dependencies(len(batch), measures, 0.0, SHIPPED))
            z += [measure.z for measure in measures]
    assert max(z) < 5.0
    assert np.std(z) < 1.0  # below that of a z-score: the larger of two variances is taken
