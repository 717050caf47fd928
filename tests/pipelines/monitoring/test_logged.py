"""Which numbers a monitoring run has in the tracking database."""

from dataclasses import replace
from datetime import date

import pytest

from churn_monitoring.core.options import ReportingOptions
from churn_monitoring.core.records import Estimate, Evidence, FeatureDrift, Quality
from churn_monitoring.pipelines.monitoring.logged import measure_evidence
from churn_monitoring.pipelines.monitoring.measuring import BatchDrift

LIMITS = ReportingOptions(top_features=1, listed_features=1, listed_findings=1, logged_features=3)
FEATURE = FeatureDrift("c0", "numeric", "kolmogorov_smirnov", 0.1, 0.4, 0.5, 0.02, drifted=False, importance=0.0)


def list_wide(drifted: set[int]) -> tuple[FeatureDrift, ...]:
    """2,000 features of which the champion rests on the last ten."""
    return tuple(
        replace(FEATURE, feature=f"c{n}", importance=0.1 if n >= 1_990 else 0.0, drifted=n in drifted)
        for n in range(2_000)
    )


@pytest.mark.parametrize("drifted", [set(), {7, 1_500}], ids=["nothing drifted", "two drifted"])
def test_of_a_wide_table_the_most_important_and_the_drifted_features_have_numbers(drifted: set[int]) -> None:
    features = list_wide(drifted)
    drift = BatchDrift(features, distances={one.feature: {"psi": 0.01} for one in features})
    reference = (3_000, Estimate(0.8, 0.7, 0.9))
    evidence = Evidence("2026-03-09", date(2026, 3, 9), 400, Quality("ok", ()), features, None, (), *reference)
    metrics = measure_evidence(evidence, drift, LIMITS)
    told = {f"c{n}" for n in (*drifted, 1_990, 1_991, 1_992)}
    for kind in ("drift_effect", "drift_p_value", "psi"):
        assert {name.partition("/")[2] for name in metrics if name.startswith(f"{kind}/c")} == told
    assert metrics["drift_share"] == len(drifted) / 2_000
