"""The champion package: a fitted model, its reference and what follows from the two."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.records import Estimate
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import fit_reference_profile
from churn_monitoring.tables import coerce_rows, read_labels


@pytest.fixture
def package(table: pd.DataFrame, schema: TableSchema) -> ChampionPackage:
    unfitted = build_candidate("random_forest", schema, {"n_estimators": 5}, seed=1)
    model = fit_candidate(unfitted, table, read_labels(table["left"], schema).to_numpy())
    scores = score_rows(model, table)
    rows, labels = coerce_rows(table, schema).rows, read_labels(table["left"], schema)
    return ChampionPackage(
        model=model,
        candidate="random_forest",
        schema=schema,
        profile=fit_reference_profile(rows, schema, 100),
        reference=pd.DataFrame({"id": table["customer"], "label": labels, "score": scores, "probability": scores / 2}),
        reference_features=rows[list(schema.features)],
        calibration=PlattCalibration(0.0, 1.0),
        threshold=0.4,
        metrics={"reference": {"roc_auc": {"value": 0.8, "low": 0.7, "high": 0.9}, "brier": 0.1}},
    )


def test_it_scores_raw_rows_as_its_model_does(package: ChampionPackage, table: pd.DataFrame) -> None:
    scores = package.score(table)
    assert scores.dtype == np.float64
    assert np.array_equal(scores, score_rows(package.model, table))


def test_no_rows_have_no_scores(package: ChampionPackage, table: pd.DataFrame) -> None:
    assert package.score(table.iloc[:0]).shape == (0,)
    assert package.score(pd.DataFrame()).shape == (0,)


def test_a_row_is_scored_alike_alone_and_among_others(package: ChampionPackage, table: pd.DataFrame) -> None:
    alone = np.concatenate([package.score(table.iloc[[number]]) for number in range(5)])
    assert np.array_equal(alone, package.score(table)[:5])


def test_its_score_profile_counts_the_reference_scores(package: ChampionPackage) -> None:
    profile, scores = package.score_profile, package.reference["score"].to_numpy()
    assert (profile.count, profile.missing) == (scores.size, 0)
    assert np.array_equal(profile.grid.points, np.unique(scores))
    assert np.array_equal(profile.at_or_below, [np.count_nonzero(scores <= point) for point in profile.grid.points])


def test_its_roc_auc_is_the_one_of_the_reference(package: ChampionPackage) -> None:
    assert package.roc_auc == Estimate(0.8, 0.7, 0.9)


def test_its_labelled_reference_is_the_calibrated_reference_with_its_features(package: ChampionPackage) -> None:
    sample = package.labelled_reference
    assert np.array_equal(sample.scored.labels, package.reference["label"])
    assert np.array_equal(sample.scored.probabilities, package.reference["probability"])
    assert np.array_equal(package.reference_scores.scores, package.reference["score"])
    pd.testing.assert_frame_equal(sample.rows, package.reference_features)


def test_it_knows_the_customers_it_was_fitted_on_and_nobody_without_an_id(package: ChampionPackage) -> None:
    fitted = replace(package, training_rows=pd.DataFrame({"customer": pd.Series(["c1", "c2", None], dtype=object)}))
    asked = pd.Series(["c2", "z", None, "c1", "c2"], dtype=object)
    assert fitted.has_seen(asked).tolist() == [True, False, False, True, True]
    assert fitted.has_seen(asked[:0]).shape == (0,)


def test_without_training_rows_it_has_seen_nobody(package: ChampionPackage) -> None:
    assert package.has_seen(pd.Series(["c1", None], dtype=object)).tolist() == [False, False]


def test_it_has_no_version_and_no_training_rows_before_it_is_registered(package: ChampionPackage) -> None:
    assert package.version == ""
    assert package.training_rows.empty
    assert package.dependencies is None
