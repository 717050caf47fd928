"""One segment whose labels turned: found and named, while everything legitimate stays silent."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import expit

from churn_monitoring.core.options import ConceptOptions, TableSchema
from churn_monitoring.core.records import ConceptTest
from churn_monitoring.performance.departures import NullModel, fit_null_model
from churn_monitoring.performance.local import measure_local
from churn_monitoring.performance.parts import FeatureParts, cut_parts

SHIPPED = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text())
OPTIONS = ConceptOptions(**SHIPPED["concept"]).model_copy(update={"local_min_share": 0.05, "local_bins": 5})
SCHEMA = TableSchema(
    id="id",
    target="left",
    positive="yes",
    date=None,
    numeric=("tenure",),
    categorical=("contract", "region"),
    ignored=(),
)


def draw_rows(rng: np.random.Generator, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    contract = rng.choice(["monthly", "one year", "two year"], p=[0.55, 0.28, 0.17], size=rows)
    tenure = rng.exponential(30.0, rows)
    logits = -2.2 + 1.9 * (contract == "monthly") - 0.03 * (tenure - 30.0) + rng.normal(0.0, 1.0, rows)
    region = pd.array(rng.choice(list("abcd"), rows), dtype="str")
    return pd.DataFrame({"tenure": tenure, "contract": pd.array(contract, dtype="str"), "region": region}), logits


def draw_null(
    seed: int, rows: int, turned: str | None = None, reference: int = 2000
) -> tuple[NullModel, tuple[FeatureParts, ...]]:
    """Well-calibrated scores; in the batch the labels of one contract are turned round."""
    rng = np.random.default_rng(seed)
    tables, logits = zip(*(draw_rows(rng, size) for size in (reference, rows)), strict=True)
    z, in_batch = np.concatenate(logits), np.repeat([0.0, 1.0], [reference, rows])
    labels = (rng.random(z.size) < expit(z)).astype(float)
    changed = np.append(np.zeros(reference, dtype=bool), (tables[1]["contract"] == turned).to_numpy(bool))
    labels[changed] = 1.0 - labels[changed]
    design = np.column_stack([np.ones(z.size), z, z**2, in_batch])
    return fit_null_model(design, labels, np.ones(z.size)), cut_parts(*tables, SCHEMA, OPTIONS.local_bins)


def measure(*arguments: int, turned: str | None = None) -> ConceptTest:
    found = measure_local(*draw_null(*arguments, turned=turned), OPTIONS)
    assert found is not None
    return found


def test_turned_labels_of_a_sixth_of_the_customers_are_found_and_named_at_a_thousand_rows() -> None:
    found = [measure(seed, 1000, turned="two year") for seed in range(10)]
    assert all(one.p_value < 2e-4 and one.effect_size > 0.3 for one in found)
    assert {one.where for one in found} == {"contract = two year"}


def test_without_a_change_it_keeps_its_level_at_two_hundred_rows() -> None:
    p_values = np.array([measure(seed, 200).p_value for seed in range(120)])
    assert (p_values < 0.05).mean() <= 0.10
    assert (p_values < 0.001).sum() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("rows", [200, 1000, 5000])
def test_small_levels_can_be_trusted(rows: int) -> None:
    p_values = np.array([measure(seed, rows).p_value for seed in range(1200)])
    assert (p_values < 0.05).mean() == pytest.approx(0.045, abs=0.02)
    assert (p_values < 0.01).mean() <= 0.018
    assert (p_values < 0.001).sum() <= 5


def test_the_difference_is_that_of_mean_residuals() -> None:
    null, parts = draw_null(3, 1000, turned="two year")
    found = measure_local(null, parts, OPTIONS)
    assert found is not None
    cut = next(one for one in parts if one.feature == "contract")
    residuals = null.labels - null.probabilities
    place = cut.names.index("contract = two year")
    before, now = residuals[:2000][cut.reference == place], residuals[2000:][cut.batch == place]
    assert found.effect_size == pytest.approx(now.mean() - before.mean(), abs=1e-12)


def test_what_the_champion_gets_wrong_in_a_segment_on_both_sides_is_no_change() -> None:
    p_values = []
    for seed in range(40):
        null, parts = draw_null(seed, 500)
        cut = next(one for one in parts if one.feature == "contract")
        two_year = np.concatenate([cut.reference, cut.batch]) == cut.names.index("contract = two year")
        labels = np.where(
            two_year, (np.random.default_rng(1000 + seed).random(two_year.size) < 0.4).astype(float), null.labels
        )
        found = measure_local(fit_null_model(null.design, labels, null.weights), parts, OPTIONS)
        assert found is not None
        p_values.append(found.p_value)
    assert min(p_values) > 0.001


def test_the_p_value_pays_for_every_feature_that_was_looked_at() -> None:
    null, parts = draw_null(4, 600)
    alone = [measure_local(null, (cut,), OPTIONS) for cut in parts]
    together = measure_local(null, parts, OPTIONS)
    assert together is not None
    assert together.p_value == pytest.approx(min(1.0, 3.0 * min(one.p_value for one in alone if one is not None)))


def test_small_unseen_and_hopeless_parts_are_left_out() -> None:
    null, parts = draw_null(5, 600)
    assert measure_local(null, (), OPTIONS) is None
    assert measure_local(null, parts, OPTIONS.model_copy(update={"local_min_share": 0.9})) is None
    cut = parts[1]
    unseen = FeatureParts(
        "contract", cut.names, cut.reference, np.full(600, cut.names.index("contract never seen before"))
    )
    assert measure_local(null, (unseen,), OPTIONS) is None
    sure = NullModel(null.design, null.labels, null.weights, null.coefficients, null.probabilities * 1e-3)
    assert measure_local(sure, parts, OPTIONS) is None


def test_a_feature_of_one_value_says_nothing() -> None:
    null, _ = draw_null(6, 600)
    constant = FeatureParts("region", ("region = a",), np.zeros(2000, dtype=int), np.zeros(600, dtype=int))
    found = measure_local(null, (constant,), OPTIONS)
    assert found is not None
    assert found.p_value == 1.0
