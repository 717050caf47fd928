"""One batch of 600 customers, one that could not be read, and what was kept of earlier batches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Finding, Quality
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.labels import LabelTable, gather_labels
from churn_monitoring.pipelines.monitoring import maturing, measuring
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows, plan_batch_scan, read_batch
from churn_monitoring.pipelines.monitoring.maturing import Logs, MaturedBatch

DAY = date(2026, 3, 30)


@pytest.fixture(scope="session")
def no_labels(schema) -> LabelTable:
    return gather_labels({}, schema, DAY)


@pytest.fixture(scope="session")
def batch(deliver, draw_rows) -> Batch:
    rows = draw_rows(600, 3)
    delivery = deliver("2026-03-30", rows.assign(left=rows["label"].map({1.0: "yes", 0.0: "no"})))
    return Batch("2026-03-30", DAY, DAY, delivery)


@pytest.fixture(scope="session")
def rows(batch, champion, parameters) -> BatchRows:
    """Not scored, so that tests may change them."""
    read, _ = read_batch(batch, plan_batch_scan(champion, parameters))
    return replace(read, scores=None)


@pytest.fixture(scope="session")
def rejected() -> BatchRows:
    finding = Finding("empty_batch", None, "failed", 1.0, 0.0, "no rows: deliver it again")
    return BatchRows(pd.DataFrame(), pd.Series(dtype=float), rejection=finding)


@pytest.fixture(scope="session")
def keep(champion, schema, draw_rows) -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    """Predictions and features kept of a batch of 400, its labels in it unless told otherwise."""

    def make(seed: int, *, version: str = "2", labelled: bool = True, slope: float = 0.125):
        drawn = draw_rows(400, seed, slope=slope)
        scores = champion.score(drawn)
        told = {"id": drawn["customer"], "score": scores, "probability": scores, "predicted": scores >= 0.4}
        label = drawn["label"] if labelled else np.nan
        state = {"label": label, "seen": False, "threshold": 0.4, "model_version": version}
        return pd.DataFrame({**told, **state}), drawn[[schema.id, *schema.features]]

    return make


@pytest.fixture
def gather(batch, rows, champion, deliver, judge, keep, change, no_labels) -> Callable[..., Any]:
    """Gather the matured among earlier batches, named with what their ledger entry says."""
    scored, _, _ = measuring.score_batch(batch, rows, champion)

    def call(
        entries: Mapping[str, Any],
        *,
        unlabelled: Sequence[str] = (),
        maturity_days: int = 0,
        window: int = 12,
        labels: LabelTable = no_labels,
        absent: Sequence[str] = (),
        status: str = "ok",
        slopes: Mapping[str, float] = {},
    ) -> tuple[MaturedBatch, ...]:
        ledger = [judge(deliver(batch_id), **told) for batch_id, told in entries.items()]
        kept = {
            entry.batch_id: keep(
                seed,
                version=entry.model_version,
                labelled=entry.batch_id not in unlabelled,
                slope=slopes.get(entry.batch_id, 0.125),
            )
            for seed, entry in enumerate(ledger, start=10)
            if entry.batch_id not in absent
        }
        logs = Logs(
            {name: lambda table=predictions: table for name, (predictions, _) in kept.items()},
            {name: lambda table=features: table for name, (_, features) in kept.items()},
        )
        policy: Parameters = change(labels={"maturity_days": maturity_days, "window_batches": window})
        return maturing.gather_matured_batches(batch, rows, scored, Quality(status), logs, ledger, labels, policy)

    return call


@pytest.fixture
def measure(batch, champion, change, no_labels) -> Callable[..., Any]:
    """Profile, drift, quality and estimate of some rows, by the nodes, with nothing known of earlier batches."""
    parameters = change(drift={"domain_rows": 200})  # a small forest, so that tests are quick

    def call(rows: BatchRows, package: ChampionPackage = champion, labels: LabelTable = no_labels) -> Any:
        scored, _, _ = measuring.score_batch(batch, rows, package)
        profile = measuring.profile_batch(batch, rows, scored, package, (), {})
        drift = measuring.measure_batch_drift(rows, profile, package, parameters)
        quality = measuring.measure_batch_quality(rows, profile, drift, package, labels, parameters)
        estimated = maturing.estimate_batch_performance(rows, scored, quality, package, parameters)
        return scored, profile, drift, quality, estimated

    return call
