"""Row by row, average precision moves as scikit-learn's moves when a row is given more weight."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from churn_monitoring.performance.average_precision import average_precision_influence


def draw_rows(
    generator: np.random.Generator, rows: int, decimals: int = 12
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = (generator.random(rows) < 0.26).astype(float)
    shared = labels + generator.normal(size=rows)
    first, second = ((shared + 0.5 * generator.normal(size=rows)).round(decimals) for _ in range(2))
    return labels, first, second


@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_a_row_moves_it_as_scikit_learns_moves_with_the_weight_of_the_row(decimals: int) -> None:
    labels, scores, _ = draw_rows(np.random.default_rng(1), 50, decimals)
    value, influence = average_precision_influence(labels, scores)
    assert value == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
    assert influence.sum() == pytest.approx(0.0, abs=1e-9)
    step, ones = 1e-5, np.ones(labels.size)
    for row in range(labels.size):
        more, less = (
            average_precision_score(labels, scores, sample_weight=ones + sign * step * (np.arange(labels.size) == row))
            for sign in (1.0, -1.0)
        )
        assert influence[row] == pytest.approx(labels.size * (more - less) / (2.0 * step), abs=1e-6)


def test_the_error_of_a_paired_difference_is_that_of_the_bootstrap() -> None:
    generator = np.random.default_rng(2)
    labels, champion, challenger = draw_rows(generator, 1500)
    moved = average_precision_influence(labels, champion)[1] - average_precision_influence(labels, challenger)[1]
    closed = np.sqrt((moved**2).sum()) / labels.size
    drawn = []
    for _ in range(600):
        rows = generator.integers(0, labels.size, labels.size)
        values = [average_precision_influence(labels[rows], one[rows])[0] for one in (champion, challenger)]
        drawn.append(values[0] - values[1])
    # The bootstrap's own error at 600 draws is 1/sqrt(1200) = 3 %.
    assert closed == pytest.approx(np.std(drawn), rel=0.10)


def test_equal_scores_have_the_rate_of_the_class() -> None:
    labels = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
    value, influence = average_precision_influence(labels, np.full(5, 0.3))
    assert value == pytest.approx(0.4)
    assert influence == pytest.approx(labels - 0.4)


def test_without_a_positive_there_is_none() -> None:
    with pytest.raises(ValueError, match="needs a positive"):
        average_precision_influence(np.zeros(5), np.linspace(0.0, 1.0, 5))
