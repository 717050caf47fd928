from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.records import FeatureDrift
from churn_monitoring.drift import (
    adjust_benjamini_hochberg,
    compare_kolmogorov_smirnov,
    measure_distances,
    measure_features,
    measure_prediction,
    share_drifted,
)
from churn_monitoring.profiling import TableProfile, fit_reference_profile, profile_rows

SCHEMA = TableSchema(
    id="id",
    target="y",
    positive="yes",
    date=None,
    numeric=("charges", "calls", "refunds"),
    categorical=("plan", "region"),
    ignored=(),
)


def _draw(seed: int, rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "charges": rng.normal(60.0, 20.0, rows),
            "calls": rng.poisson(2.0, rows).astype(float),
            "refunds": np.where(rng.random(rows) < 0.8, 0.0, rng.exponential(5.0, rows)),
            "plan": rng.choice(["month", "year", "two years"], rows, p=[0.5, 0.3, 0.2]),
            "region": rng.choice(["north", "south"], rows),
        }
    )


REFERENCE = fit_reference_profile(_draw(1, 5_000), SCHEMA, max_points=65_536)


def _measure(rows: pd.DataFrame, options) -> dict[str, FeatureDrift]:
    drifts = measure_features(REFERENCE, profile_rows(rows, REFERENCE), options, 0.05)
    return {drift.feature: drift for drift in drifts}


def test_features_come_in_the_order_of_the_schema_with_their_tests(options) -> None:
    drifts = measure_features(REFERENCE, REFERENCE, options, 0.05)
    assert [drift.feature for drift in drifts] == list(SCHEMA.features)
    assert [drift.kind for drift in drifts] == ["numeric"] * 3 + ["categorical"] * 2
    assert [drift.test for drift in drifts] == ["kolmogorov_smirnov"] * 3 + ["chi_square"] * 2


def test_the_same_rows_again_have_not_drifted(options) -> None:
    drifts = measure_features(REFERENCE, REFERENCE, options, 0.05)
    assert share_drifted(drifts) == 0.0
    assert {(drift.statistic, drift.p_value, drift.effect_size) for drift in drifts} == {(0.0, 1.0, 0.0)}


@pytest.mark.parametrize("rows", [200, 1_000, 5_000])
def test_with_nothing_wrong_hardly_a_feature_drifts(rows, options) -> None:
    flagged = sum(share_drifted(_measure(_draw(seed, rows), options).values()) > 0 for seed in range(100, 160))
    assert flagged <= 4


def test_a_shift_of_practical_size_is_found_where_it_is_and_nowhere_else(options) -> None:
    rows = _draw(2, 1_000)
    rows["charges"] += 10.0
    rows["plan"] = rows["plan"].mask(np.random.default_rng(3).random(1_000) < 0.3, "month")
    drifted = {name for name, drift in _measure(rows, options).items() if drift.drifted}
    assert drifted == {"charges", "plan"}


def test_what_moved_significantly_but_less_than_the_floor_has_not_drifted(options) -> None:
    rows = _draw(4, 400_000)
    rows["charges"] += 1.5  # less than a tenth of a standard deviation
    rows["plan"] = rows["plan"].mask(np.random.default_rng(5).random(400_000) < 0.15, "month")
    measured = _measure(rows, options)
    for name in ("charges", "plan"):
        assert measured[name].adjusted_p_value < options.alert_p_value
        assert 0.0 < measured[name].effect_size < 0.10
        assert not measured[name].drifted


def test_a_shift_off_the_grid_moves_the_statistic_by_an_atom_but_is_no_drift(options) -> None:
    rows = _draw(1, 5_000)
    rows["refunds"] += 0.01
    drift = _measure(rows, options)["refunds"]
    assert drift.statistic > 0.7
    assert drift.p_value < 1e-100
    assert drift.effect_size < 0.01
    assert not drift.drifted


def test_one_value_of_a_million_hides_no_drift_and_makes_none(options) -> None:
    spoiled = _draw(7, 1_000)
    spoiled.loc[0, ["charges", "calls", "refunds"]] = 1e6
    assert share_drifted(_measure(spoiled, options).values()) == 0.0
    reference_rows = _draw(1, 5_000)
    reference_rows.loc[0, "charges"] = 1e6
    reference = fit_reference_profile(reference_rows, SCHEMA, max_points=65_536)
    moved = spoiled.assign(charges=spoiled["charges"] + 8.0)
    drifts = measure_features(reference, profile_rows(moved, reference), options, 0.05)
    assert [drift.feature for drift in drifts if drift.drifted] == ["charges"]
    assert 0.15 < drifts[0].statistic < 0.25


def test_a_few_rows_of_a_new_category_are_no_drift(options) -> None:
    for new in (1, 2, 5):
        rows = _draw(8, 1_000)
        rows.loc[: new - 1, "plan"] = "lifetime"
        assert not _measure(rows, options)["plan"].drifted


def test_too_few_rows_to_tell_is_no_p_value_and_no_drift(options) -> None:
    rows = _draw(9, 199).assign(charges=1e9, plan="month")
    for drift in _measure(rows, options).values():
        assert (drift.p_value, drift.adjusted_p_value, drift.drifted) == (None, None, False)
    assert _measure(_draw(9, 200), options)["charges"].p_value is not None


def test_a_reference_of_too_few_rows_cannot_tell_either(options) -> None:
    reference = fit_reference_profile(_draw(1, 50), SCHEMA, max_points=100)
    drifts = measure_features(reference, profile_rows(_draw(2, 5_000), reference), options, 0.05)
    assert all(drift.p_value is None and not drift.drifted for drift in drifts)


def test_a_feature_too_sparse_to_test_takes_no_part_in_the_adjustment(options) -> None:
    rows = _draw(10, 1_000)
    rows.loc[50:, "calls"] = np.nan
    measured = _measure(rows, options)
    assert measured["calls"].p_value is None
    rest = [drift for drift in measured.values() if drift.p_value is not None]
    expected = adjust_benjamini_hochberg([drift.p_value for drift in rest])
    assert [drift.adjusted_p_value for drift in rest] == expected.tolist()


def test_columns_of_missing_values_and_absent_ones_silence_nothing(options) -> None:
    rows = _draw(11, 1_000).assign(calls=np.nan, region=None).drop(columns="refunds")
    rows["charges"] += 20.0
    measured = _measure(rows, options)
    assert measured["charges"].drifted
    for name in ("calls", "region", "refunds"):
        drift = measured[name]
        assert (drift.statistic, drift.p_value, drift.effect_size, drift.drifted) == (0.0, None, 0.0, False)


@pytest.mark.parametrize("rows", [0, 1, 5, 60, 500])
def test_no_field_is_ever_nan(rows, options) -> None:
    table = _draw(12, max(rows, 1)).iloc[:rows].assign(calls=3.0, region="north")
    for drift in _measure(table, options).values():
        values = [value for value in asdict(drift).values() if isinstance(value, float)]
        assert np.isfinite(values).all()


def test_measuring_changes_neither_profile(options) -> None:
    rows = _draw(13, 500)
    batch, again = profile_rows(rows, REFERENCE), profile_rows(rows, REFERENCE)
    measure_features(REFERENCE, batch, options, 0.05)
    measure_distances(REFERENCE, batch, options)
    assert batch == again
    assert fit_reference_profile(_draw(1, 5_000), SCHEMA, max_points=65_536) == REFERENCE


def test_no_feature_at_all_is_no_drift(options) -> None:
    assert measure_features(TableProfile(9, {}, {}), TableProfile(9, {}, {}), options, 0.05) == ()


def test_the_share_counts_all_features(options) -> None:
    rows = _draw(14, 1_000)
    rows["charges"] += 20.0
    assert share_drifted(_measure(rows, options).values()) == 0.2


def test_scores_that_move_have_drifted_and_others_have_not(options, profile_both) -> None:
    rng = np.random.default_rng(28)
    reference = rng.beta(2, 5, 5_000)
    same, moved = rng.beta(2, 5, 1_000), rng.beta(2, 3, 1_000)
    quiet = measure_prediction(*profile_both(reference, same), options)
    drift = measure_prediction(*profile_both(reference, moved), options)
    assert (quiet.kind, quiet.test, quiet.drifted, drift.drifted) == (
        "prediction",
        "kolmogorov_smirnov",
        False,
        True,
    )
    assert drift.effect_size == drift.statistic == compare_kolmogorov_smirnov(*profile_both(reference, moved)).statistic


def test_scores_that_move_less_than_the_floor_have_not_drifted(options, profile_both) -> None:
    rng = np.random.default_rng(29)
    drift = measure_prediction(*profile_both(rng.normal(size=90_000), rng.normal(0.1, 1, 90_000)), options)
    assert drift.p_value < 1e-10
    assert not drift.drifted


def test_too_few_scores_to_tell_are_no_prediction_drift(options, profile_both) -> None:
    drift = measure_prediction(*profile_both(np.zeros(5_000), np.ones(199)), options)
    assert (drift.statistic, drift.p_value, drift.adjusted_p_value, drift.drifted) == (1.0, None, None, False)


def test_distances_are_named_per_kind_and_finite_for_every_batch(options) -> None:
    for rows in (
        _draw(15, 500),
        _draw(15, 1),
        _draw(15, 1).iloc[:0],
        _draw(15, 9).assign(calls=np.nan, plan=None),
    ):
        distances = measure_distances(REFERENCE, profile_rows(rows, REFERENCE), options)
        assert list(distances) == list(SCHEMA.features)
        assert set(distances["charges"]) == {"psi", "jensen_shannon", "wasserstein"}
        assert set(distances["plan"]) == {"psi", "jensen_shannon", "total_variation"}
        assert np.isfinite([value for named in distances.values() for value in named.values()]).all()


def test_the_distance_of_a_feature_is_its_effect_size(options) -> None:
    batch = profile_rows(_draw(16, 700), REFERENCE)
    distances = measure_distances(REFERENCE, batch, options)
    for drift in measure_features(REFERENCE, batch, options, 0.05):
        name = "wasserstein" if drift.kind == "numeric" else "total_variation"
        assert distances[drift.feature][name] == drift.effect_size


def test_a_few_rows_that_moved_far_reach_one_floor_but_not_both(options) -> None:
    schema = TableSchema(id="i", target="y", positive=1, date=None, numeric=("x",), categorical=(), ignored=())
    values = np.linspace(0.0, 100.0, 5_000)
    reference = fit_reference_profile(pd.DataFrame({"x": values}), schema, max_points=65_536)
    moved = pd.DataFrame({"x": np.where(values < 8.0, 99.0, values)})
    (drift,) = measure_features(reference, profile_rows(moved, reference), options, 0.05)
    assert drift.adjusted_p_value < options.alert_p_value
    assert drift.statistic < options.ks_floor
    assert drift.effect_size > options.wasserstein_floor
    assert not drift.drifted


def test_a_large_distance_between_few_rows_and_many_levels_is_noise(options) -> None:
    schema = TableSchema(id="i", target="y", positive=1, date=None, numeric=(), categorical=("x",), ignored=())
    rng = np.random.default_rng(30)
    tables = [pd.DataFrame({"x": rng.integers(0, 100, rows).astype(str)}) for rows in (5_000, 250)]
    reference = fit_reference_profile(tables[0], schema, max_points=10)
    (drift,) = measure_features(reference, profile_rows(tables[1], reference), options, 0.05)
    assert drift.effect_size > 2 * options.total_variation_floor
    assert drift.adjusted_p_value > 0.05
    assert not drift.drifted
