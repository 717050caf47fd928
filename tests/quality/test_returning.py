import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from churn_monitoring.core.records import Finding
from churn_monitoring.profiling import fit_reference_profile
from churn_monitoring.quality.joins import check_returning, stay_with_customers
from churn_monitoring.quality.returning import Agreement, measure_agreement

from .conftest import SHIPPED, TARIFFS, draw_tariffs, join_wrongly

PROFILE = fit_reference_profile(draw_tariffs(1, 2_000), TARIFFS, max_points=100)


def _return(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same customers in another order a month later: totals grow, a few change their tariff or move."""
    rng = np.random.default_rng(seed)
    others = rows.iloc[rng.permutation(len(rows))].reset_index(drop=True)
    moved = rng.random(len(rows)) < 0.03
    return others.assign(
        months=others["months"] + 1,
        paid=others["paid"] * rng.uniform(1.0, 1.1, len(rows)),
        tariff=others["tariff"].mask(rng.random(len(rows)) < 0.03, "flat"),
        region=others["region"].mask(moved, "north"),
    )


def _agree(earlier: pd.DataFrame, rows: pd.DataFrame) -> dict[str, Agreement]:
    return measure_agreement(earlier, rows, TARIFFS, PROFILE)


def _find(rows: pd.DataFrame, seed: int = 10, size: int = 300, **changes: float) -> list[Finding]:
    oldest = draw_tariffs(seed, size)
    before = _return(oldest, seed + 1)
    options = SHIPPED.model_copy(update=changes)
    return list(check_returning(_agree(before, rows), _agree(oldest, before), options))


def _next(seed: int = 10, size: int = 300) -> pd.DataFrame:
    return _return(_return(draw_tariffs(seed, size), seed + 1), seed + 2)


def test_it_is_spearmans_correlation_and_cohens_kappa() -> None:
    earlier = draw_tariffs(1, 400)
    rows = _return(earlier, 2)
    found = _agree(earlier, rows)
    joined = earlier.merge(rows, on="id")
    assert found["paid"].value == pytest.approx(spearmanr(joined["paid_x"], joined["paid_y"]).statistic)
    assert found["region"].value == pytest.approx(cohen_kappa_score(joined["region_x"], joined["region_y"]))
    assert {agreement.customers for agreement in found.values()} == {400}
    assert all(0 <= agreement.error < 0.1 for agreement in found.values())


def test_the_standard_errors_are_those_of_a_simulation() -> None:
    """Of normal numbers, for which the formula is made; it is too large for most others."""
    rng = np.random.default_rng(5)
    values: dict[str, list[Agreement]] = {"months": [], "region": []}
    for _ in range(200):
        earlier = pd.DataFrame(
            {"id": range(150), "months": rng.normal(size=150), "region": rng.choice(["a", "b"], 150)}
        )
        noisy = earlier["months"] + rng.normal(0, 0.7, 150)
        region = earlier["region"].mask(rng.random(150) < 0.3, rng.choice(["a", "b"], 150))
        found = _agree(earlier, earlier.assign(months=noisy, region=region))
        for name, kept in values.items():
            kept.append(found[name])
    for kept in values.values():
        simulated = float(np.std([agreement.value for agreement in kept]))
        assert np.mean([agreement.error for agreement in kept]) == pytest.approx(simulated, rel=0.15)


def test_customers_who_return_as_they_were_are_no_finding() -> None:
    for seed in range(0, 40, 4):
        assert not _find(_next(seed), seed)
    assert not _find(_next(3, 60), 3, 60)


def test_a_price_rise_for_all_is_no_finding() -> None:
    rows = _next()
    assert not _find(rows.assign(paid=rows["paid"] * 1.3))


def test_a_permuted_category_that_hangs_with_nothing_is_found() -> None:
    rows = _next()
    turned = rows["region"].map({"north": "south", "south": "east", "east": "north"}).astype("str")
    found = _find(rows.assign(region=turned))
    assert [(finding.check, finding.column, finding.severity) for finding in found] == [
        ("returning", "region", "failed")
    ]
    assert found[0].value < found[0].limit
    assert "300 customers" in found[0].message


@pytest.mark.parametrize("column", ["months", "paid", "tariff", "region", "senior"])
@pytest.mark.parametrize("size", [60, 300])
def test_a_column_joined_from_other_customers_is_found(column: str, size: int) -> None:
    found = _find(join_wrongly(_next(size=size), (column,)), size=size)
    assert [finding.column for finding in found] == [column]


def test_limits_from_the_parameters_change_the_verdict() -> None:
    broken = join_wrongly(_next(), ("region",))
    assert _find(broken)
    assert not _find(broken, returning_min_rows=301)
    assert not _find(broken, returning_usual=0.999)
    assert not _find(broken, returning_fall=1.0)
    assert not _find(broken, returning_z=99.0)


def test_without_a_usual_agreement_nothing_is_found() -> None:
    broken = join_wrongly(_next(), ("region",))
    assert not list(check_returning(_agree(draw_tariffs(10, 300), broken), {}, SHIPPED))


def test_a_column_that_never_stays_with_its_customers_is_not_judged() -> None:
    usual = {"calls": Agreement(0.6, 0.02, 500)}
    assert not list(check_returning({"calls": Agreement(0.0, 0.04, 500)}, usual, SHIPPED))


def test_the_last_row_of_a_customer_counts_and_one_without_an_id_does_not() -> None:
    earlier = draw_tariffs(1, 100)
    twice = pd.concat([join_wrongly(earlier, ("region",)), earlier], ignore_index=True)
    nameless = pd.concat([earlier, draw_tariffs(2, 50).assign(id=None)], ignore_index=True)
    for first, second in ((earlier, twice), (twice, earlier), (nameless, nameless)):
        assert _agree(first, second)["region"] == Agreement(1.0, 0.0, 100)


def test_nobody_few_constants_and_missing_columns_give_no_agreement() -> None:
    rows = draw_tariffs(1, 100)
    assert _agree(rows, draw_tariffs(2, 100)) == {}
    assert _agree(rows.iloc[:0], rows) == {}
    assert _agree(rows.iloc[:3], rows) == {}
    constant = rows.assign(region="north", months=5.0, paid=np.nan)
    assert set(_agree(constant, constant.drop(columns="senior"))) == {"tariff"}


def test_the_tables_are_left_as_they_are() -> None:
    earlier, rows = draw_tariffs(1, 50), draw_tariffs(1, 50)
    kept = earlier.copy()
    _agree(earlier, rows)
    pd.testing.assert_frame_equal(earlier, kept)


def test_a_change_for_everybody_stays_with_the_customers_and_a_join_from_others_does_not() -> None:
    oldest = draw_tariffs(10, 300)
    before = _return(oldest, 11)
    dearer, usual = _return(before, 12), _agree(oldest, before)
    assert stay_with_customers(_agree(before, dearer.assign(paid=dearer["paid"] * 1.3)), usual, SHIPPED)
    assert not stay_with_customers(_agree(before, join_wrongly(dearer, ("paid",))), usual, SHIPPED)
    assert not stay_with_customers({}, usual, SHIPPED)
    assert not stay_with_customers(
        _agree(before, dearer), usual, SHIPPED.model_copy(update={"returning_min_rows": 301})
    )
