import io
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from churn_monitoring.reporting.curves import _wilson_interval
from churn_monitoring.reporting.figures import draw_calibration_curve, draw_roc_curve, draw_timeline


def save(figure: Figure) -> tuple[int, int]:
    """Width and height of the PNG, from its header."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    header = stream.getvalue()[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


def draw(history) -> Figure:
    return draw_timeline(history, performance_threshold=0.75, drift_share_threshold=0.3)


def test_the_timeline_is_1200_pixels_wide_and_names_each_promotion(history):
    figure = draw(history)
    assert save(figure)[0] == 1200
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert [text for text in texts if "promoted" in text] == ["v2 promoted", "v3 promoted"]
    assert texts.count("kept") == 1


def test_every_decision_has_one_mark(history):
    decisions = draw(history).axes[1]
    marked = {line.get_label(): len(line.get_xdata()) for line in decisions.lines}
    assert (marked["alert"], marked["fix data"], marked["retrain"]) == (6, 1, 3)


def test_performance_has_a_gap_where_labels_are_missing(history):
    curve = draw(history).axes[0].lines[0]
    assert np.isnan(curve.get_ydata()).nonzero()[0].tolist() == [9, 48, 49, 50, 51]


@pytest.mark.parametrize("weeks", [0, 1, 2, 9])
def test_a_short_history_is_drawn_without_a_warning(history, weeks):
    save(draw(history[:weeks]))


def test_a_history_without_performance_or_with_ids_that_are_no_dates_is_drawn(history):
    save(draw([item | {"roc_auc": None, "drift_share": None} for item in history]))
    figure = draw([item | {"batch": f"delivery {number}"} for number, item in enumerate(history)])
    save(figure)
    assert "delivery 0" in [label.get_text() for label in figure.axes[2].get_xticklabels()]


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    probabilities = generator.beta(2, 5, 1000)
    return (generator.random(1000) < probabilities).astype(float), probabilities


def test_a_roc_curve_shows_the_area_that_scikit_learn_computes(scored):
    figure = draw_roc_curve(*scored, title="forest")
    save(figure)
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "forest"
    assert axes.texts[0].get_text().startswith(f"ROC-AUC {roc_auc_score(*scored):.3f}\n")


def test_the_dots_of_a_calibrated_model_lie_on_the_diagonal(scored):
    figure = draw_calibration_curve(*scored)
    save(figure)
    dots = figure.axes[0].collections[1].get_offsets()
    assert len(dots) == 10
    assert np.abs(dots[:, 0] - dots[:, 1]).max() < 0.15


def test_curves_are_drawn_of_two_rows_and_refused_of_one_class():
    labels, scores = np.array([0.0, 1.0]), np.array([0.2, 0.2])
    save(draw_roc_curve(labels, scores))
    save(draw_calibration_curve(labels, scores))
    with pytest.raises(ValueError, match="both classes"):
        draw_roc_curve(np.ones(2), scores)


@pytest.mark.parametrize(("positives", "rows"), [(0, 10), (3, 10), (10, 10), (250, 1000)])
def test_the_whiskers_are_wilson_intervals(positives, rows):
    low, high = _wilson_interval(np.array([positives / rows]), np.array([rows]))
    expected = proportion_confint(positives, rows, method="wilson")
    assert (low[0], high[0]) == pytest.approx(expected, abs=1e-6)


def test_figures_need_no_pyplot(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    save(draw(history))
