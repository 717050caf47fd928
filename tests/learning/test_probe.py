"""Would retraining help? Yes where the champion never saw the like; no where only the mix changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import expit
from sklearn.pipeline import Pipeline

from churn_monitoring.alerting.rules import gains_by_probe
from churn_monitoring.core.levels import share_out
from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Estimate, Evidence, Probe, Quality
from churn_monitoring.learning import probe as module
from churn_monitoring.learning.cross_fit import cross_fit_scores
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.learning.probe import measure_probe, pool_newest
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.performance.labelled import ScoredBatch
from churn_monitoring.profiling import fit_reference_profile

BASE = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text(encoding="utf-8"))
TABLE = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=("age", "usage"), categorical=("plan",), ignored=()
)
POLICY = Parameters.model_validate(BASE).model_copy(update={"table": TABLE})
DAY = date(2026, 3, 2)


def build() -> Pipeline:
    return build_candidate("xgboost", TABLE, {"n_estimators": 25, "max_depth": 3, "learning_rate": 0.2}, 1)


def draw_rows(seed: int, rows: int, *, age: float = 40.0, region: float = 0.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Older customers stay, heavy users leave; in the region, a plan nobody had before, it is the other way round."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(age, 10, rows), "usage": rng.normal(0.0, 1.0, rows)})
    new = rng.random(rows) < region
    frame["plan"] = np.where(new, "max", rng.choice(["basic", "pro"], rows))
    logits = np.where(new, -1.0, 1.0) * (1.2 * frame["usage"] - 0.06 * (frame["age"] - 40)) - 1.0
    return frame, (rng.random(rows) < expit(logits)).astype(float)


@pytest.fixture(scope="module")
def champion() -> ChampionPackage:
    rows, labels = draw_rows(1, 2_000)
    held, held_labels = draw_rows(2, 2_000)
    model = fit_candidate(build(), rows, labels)
    scores = score_rows(model, held)
    ids = [f"r{number}" for number in range(2_000)]
    return ChampionPackage(
        model=model,
        candidate="xgboost",
        schema=TABLE,
        profile=fit_reference_profile(held, TABLE, 1000),
        reference=pd.DataFrame({"id": ids, "label": held_labels, "score": scores, "probability": scores}),
        reference_features=held,
        calibration=PlattCalibration(0.0, 1.0),
        threshold=0.4,
        metrics={},
    )


@pytest.fixture(scope="module")
def deliver(champion: ChampionPackage) -> Callable[..., ScoredBatch]:
    def make(seed: int, rows: int = 600, *, drawn: Any = None, ids: Any = None, **mix: float) -> ScoredBatch:
        frame, labels = draw_rows(seed, rows, **mix) if drawn is None else drawn
        scores = champion.score(frame)
        own = [f"c{seed}-{number}" for number in range(rows)] if ids is None else ids
        who = pd.Series(own, dtype=object)
        return ScoredBatch(f"b{seed}", DAY, 0.4, who, labels, scores, scores, np.zeros(rows, dtype=bool), frame)

    return make


def update(block: str, **changes: Any) -> Parameters:
    return POLICY.model_copy(update={block: getattr(POLICY, block).model_copy(update=changes)})


def would_retrain(found: Probe | None) -> bool:
    evidence = Evidence("b", DAY, 600, Quality("ok"), (), None, (), 2_000, Estimate(0.8, 0.7, 0.9), probe=found)
    return gains_by_probe(evidence, POLICY, share_out(POLICY))


def test_it_gains_where_the_champion_never_saw_a_region_with_another_law(champion, deliver) -> None:
    found = measure_probe(champion, [deliver(seed, region=0.4) for seed in (10, 11)], build, POLICY)
    assert found is not None
    assert would_retrain(found)
    assert (found.candidate, found.batches, found.rows) == ("xgboost", ("b10", "b11"), 1_200)
    assert found.gain.low < found.gain.value < found.gain.high
    assert found.gain.value > 0.05


@pytest.mark.parametrize("age", [40.0, 50.0, 30.0])
def test_it_does_not_gain_where_only_the_mix_of_customers_changed(champion, deliver, age: float) -> None:
    found = measure_probe(champion, [deliver(seed, age=age) for seed in (20, 21)], build, POLICY)
    assert found is not None
    assert not would_retrain(found)


@pytest.mark.slow
def test_a_new_region_is_found_in_nine_of_ten_and_a_new_mix_is_hardly_ever_retrained(champion, deliver) -> None:
    found = {"region": 0, "mix": 0}
    for seed in range(100, 300, 2):
        pair = (seed, seed + 1)
        changed = measure_probe(champion, [deliver(one, region=0.4) for one in pair], build, POLICY)
        mixed = measure_probe(champion, [deliver(one, age=50.0) for one in pair], build, POLICY)
        found["region"] += would_retrain(changed)
        found["mix"] += would_retrain(mixed)
    assert found["region"] >= 90
    assert found["mix"] <= 1


def test_too_few_churners_or_others_are_not_asked(champion, deliver) -> None:
    batch = deliver(30)
    positives, negatives = int(batch.labels.sum()), int((batch.labels == 0).sum())
    for count, policy in (
        (positives, lambda least: update("probe", min_positives=least)),
        (negatives, lambda least: update("performance", min_negatives=least, min_positives=0)),
    ):
        assert measure_probe(champion, [batch], build, policy(count)) is not None
        assert measure_probe(champion, [batch], build, policy(count + 1)) is None
    assert measure_probe(champion, [], build, POLICY) is None


def test_only_the_newest_batches_are_pooled(champion, deliver) -> None:
    batches = [deliver(seed) for seed in range(40, 46)]
    found = measure_probe(champion, batches, build, update("probe", max_batches=2))
    assert found is not None
    assert (found.batches, found.rows) == (("b44", "b45"), 1_200)
    assert found.positives == sum(batch.labels.sum() for batch in batches[-2:])


def test_of_a_returning_customer_the_newest_row_is_pooled(deliver) -> None:
    older = deliver(50, 100, ids=[f"x{number}" for number in range(100)])
    newer = deliver(51, 100, ids=[f"x{number}" for number in range(50, 150)])
    pool = pool_newest([older, newer], POLICY).set_index("customer")
    assert pool.index.is_unique
    assert len(pool) == 150
    assert pool.loc["x70", "_score"] == newer.scores[20]
    assert pool.loc["x70", "age"] == newer.rows["age"][20]
    assert pool.loc["x10", "_label"] == older.labels[10]


def test_unlabelled_rows_and_customers_the_champion_was_fitted_on_are_not_pooled(deliver) -> None:
    batch = deliver(52, 400)
    labels = batch.labels.copy()
    labels[:100] = np.nan
    pool = pool_newest([replace(batch, labels=labels, seen=np.arange(400) < 150)], POLICY)
    assert pool["customer"].tolist() == batch.ids[150:].tolist()


def test_customers_of_the_reference_who_come_back_are_not_recognized(champion, deliver) -> None:
    """Their rows again, with noise as label on both: only a challenger that saw them could know it."""
    rng = np.random.default_rng(8)
    noise = (rng.random(2_000) < 0.4).astype(float)
    again = replace(champion, reference=champion.reference.assign(label=noise))
    batch = deliver(60, 2_000, drawn=(champion.reference_features, noise), ids=champion.reference["id"].tolist())
    deep = build_candidate("random_forest", TABLE, {"n_estimators": 20, "min_samples_leaf": 1}, 1)
    found = measure_probe(again, [batch, batch], lambda: deep, POLICY)
    assert found is not None
    assert found.rows == 2_000
    assert not would_retrain(found)
    stranger = replace(batch, ids=pd.Series([f"s{number}" for number in range(2_000)], dtype=object))
    recognized = measure_probe(again, [stranger], lambda: deep, POLICY)
    assert would_retrain(recognized)


def spy_on_folds(monkeypatch: pytest.MonkeyPatch) -> list[pd.Series]:
    seen: list[pd.Series] = []

    def spy(build: Any, rows: Any, labels: Any, weights: Any, groups: pd.Series, folds: int, seed: int) -> np.ndarray:
        seen.append(groups)
        return cross_fit_scores(build, rows, labels, weights, groups, folds, seed)

    monkeypatch.setattr(module, "cross_fit_scores", spy)
    return seen


def test_a_customer_is_in_the_reference_or_in_the_pool_and_one_without_an_id_is_nobody_else(
    champion, deliver, monkeypatch
) -> None:
    seen = spy_on_folds(monkeypatch)
    unnamed = champion.reference.assign(id=[None] * 100 + champion.reference["id"].tolist()[100:])
    ids = [None] * 50 + [f"r{number}" for number in range(500, 1_050)]
    measure_probe(replace(champion, reference=unnamed), [deliver(61, ids=ids)], build, POLICY)
    named = seen[0].dropna()
    assert named.is_unique
    assert len(named) == 1_900
    assert seen[0].isna().sum() == 150


def test_a_large_reference_is_sampled(champion, deliver, monkeypatch) -> None:
    seen = spy_on_folds(monkeypatch)
    measure_probe(champion, [deliver(62)], build, update("training", max_training_rows=500))
    assert len(seen[0]) == 500 + 600


def test_the_same_rows_give_the_same_answer_and_stay_as_they_were(champion, deliver) -> None:
    batch = deliver(70, region=0.4)
    before = batch.rows.copy(), batch.ids.copy(), champion.reference_features.copy()
    assert measure_probe(champion, [batch], build, POLICY) == measure_probe(champion, [batch], build, POLICY)
    pd.testing.assert_frame_equal(batch.rows, before[0])
    pd.testing.assert_series_equal(batch.ids, before[1])
    pd.testing.assert_frame_equal(champion.reference_features, before[2])
