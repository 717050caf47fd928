"""The model card says what is in the package, as JSON and as Markdown."""

import json
from typing import Any

import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import fit_reference_profile
from churn_monitoring.reporting.model_card import FEATURES_SHOWN, Origin, build_model_card, render_model_card

ORIGIN = Origin("churn", "4", "run-17", "0.1.0+abc")


@pytest.fixture
def card_package() -> ChampionPackage:
    schema = TableSchema(
        id="customer", target="left", positive="yes", date="day", numeric=["age"], categorical=["plan"], ignored=[]
    )
    days = pd.to_datetime(["2025-01-06", "2025-12-29", None])
    rows = pd.DataFrame({"age": [30.0, 40.0, None], "plan": ["a", "b", "b"], "day": days})
    reference = {"id": ["1", "2", "3"], "label": [0.0, 1.0, 1.0], "score": [0.1, 0.6, 0.9]}
    return ChampionPackage(
        model=object(),
        candidate="random_forest",
        schema=schema,
        profile=fit_reference_profile(rows, schema, 10),
        reference=pd.DataFrame(
            reference | {"probability": [0.1, 0.6, 0.9], "part": ["holdout", "holdout", "validation"]}
        ),
        reference_features=rows,
        calibration=PlattCalibration(0.25, 0.75),
        threshold=0.4,
        metrics={"holdout": None, "reference": {"roc_auc": {"value": 0.8, "low": 0.7, "high": 0.9}, "f1": 0.5}},
        facts={
            "by": "promoted",
            "as_of": "2026-01-05",
            "training_rows": 7,
            "window_batches": ["2025-12-29"],
            "importance": {"age": 0.2, "plan": 0.8},
            "data_sha256": "da7a",
            "parameters_sha256": "c0de",
            "notes": ["a remark"],
        },
    )


@pytest.fixture
def told(card_package: ChampionPackage) -> dict[str, Any]:
    return build_model_card(card_package, ORIGIN)


def test_the_card_is_plain_json_and_measures_nothing(told: dict[str, Any], card_package: ChampionPackage) -> None:
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["metrics"] == card_package.metrics
    assert told["reference"] == {
        "rows": 3, "positives": 2, "dates": ["2025-01-06", "2025-12-29"], "parts": {"holdout": 2, "validation": 1}
    }  # fmt: skip
    assert told["operating_point"]["threshold"] == card_package.threshold


def test_the_card_names_decision_data_calibration_and_how_to_make_it_again(told: dict[str, Any]) -> None:
    assert told["model"] == {"name": "churn", "candidate": "random_forest", "parameters": {}, "replaces": "4"}
    assert told["decision"] == {"by": "promoted", "as_of": "2026-01-05"}
    assert told["data"]["sha256"] == "da7a"
    assert told["calibration"] == {"method": "Platt", "intercept": 0.25, "slope": 0.75}
    assert told["reproduction"] == {"code": "0.1.0+abc", "parameters_sha256": "c0de", "run_id": "run-17"}
    assert "a remark" in told["limits"]


def test_every_number_of_the_card_is_on_the_page(told: dict[str, Any]) -> None:
    page = render_model_card(told)
    for text in (
        "0.8 (0.7 to 0.9)",
        "| threshold | 0.4 |",
        "da7a",
        "c0de",
        "run-17",
        "It replaces version 4.",
        "- a remark",
    ):
        assert text in page
    assert page.startswith("# Model card: churn, random_forest\n")


def test_the_most_important_feature_comes_first(told: dict[str, Any]) -> None:
    lines = render_model_card(told).splitlines()
    assert lines.index("| plan | categorical | 80% |") < lines.index("| age | numeric | 20% |")


def test_the_page_of_a_wide_table_names_the_most_important_features_and_says_where_the_others_are(
    told: dict[str, Any],
) -> None:
    names = [f"column {number}" for number in range(2_000)]
    importance = {name: number / 1e6 for number, name in enumerate(names)}
    page = render_model_card(told | {"features": {"numeric": names, "categorical": [], "importance": importance}})
    assert "| column 1999 | numeric | 0% |" in page
    assert page.count("| numeric |") == FEATURES_SHOWN
    assert f"{2_000 - FEATURES_SHOWN} less important ones are in `model_card.json`." in page
    assert "less important" not in render_model_card(told)


def test_a_bar_in_a_name_does_not_break_the_table(told: dict[str, Any]) -> None:
    told = told | {"features": {"numeric": ["a|b"], "categorical": [], "importance": {}}}
    assert "| a\\|b | numeric | - |" in render_model_card(told)


def test_the_first_champion_replaces_nobody(card_package: ChampionPackage) -> None:
    page = render_model_card(build_model_card(card_package, Origin("churn", "", "r", "0.1.0")))
    assert "There was no champion before." in page
