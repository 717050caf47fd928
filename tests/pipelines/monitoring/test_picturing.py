"""The picture that is kept of a batch: plain values, no row's, and of the features worth drawing."""

import json

import pytest

from churn_monitoring.core.records import Decision
from churn_monitoring.decision.judgement import Judgement
from churn_monitoring.pipelines.monitoring import judging, maturing, picturing

NONE = Decision("none", ("Nothing found that asks for action.",))


@pytest.fixture
def draw(batch, champion, parameters, gather, measure):
    def call(rows):
        _, profile, drift, quality, estimated = measure(rows)
        labelled = maturing.measure_matured_batches(gather({}), champion, (), parameters)
        evidence = judging.gather_evidence(batch, profile, quality, drift, labelled, estimated, champion)
        judgement = Judgement(evidence, (), NONE, NONE, "calibrated")
        return picturing.picture_batch(batch, judgement, profile, champion, parameters)

    return call


def test_a_picture_holds_shapes_and_what_the_judgement_went_by_as_plain_values(draw, rows, batch, champion):
    kept, picture = draw(rows)
    assert kept == {batch.batch_id: picture}
    assert json.loads(json.dumps(picture, allow_nan=False)) is not None
    assert set(picture["features"]) == set(champion.schema.features)
    assert picture["reference"]["rows"] == len(champion.reference)
    assert picture["run"]["sha256"] == batch.delivery.fingerprint()
    assert picture["parameters"]["drift"]["min_rows"] > 0
    assert "simulation" not in picture["parameters"]
    for shape in picture["features"].values():
        assert abs(shape["mix_effect"]) < 0.25
        assert sum(shape["batch"]) <= 1.0 + 1e-9


def test_of_a_batch_that_could_not_be_read_nothing_is_drawn(draw, rejected):
    _, picture = draw(rejected)
    assert picture["features"] == {}


def test_only_the_features_that_matter_most_are_kept(draw, rows, monkeypatch):
    monkeypatch.setattr(picturing, "KEPT", 1)
    _, picture = draw(rows)
    assert len(picture["features"]) == 1
