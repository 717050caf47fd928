import numpy as np
import pytest

from churn_monitoring.performance.mix_effect import measure_mix_effect


def test_a_move_towards_rows_that_the_champion_gets_wrong_costs_what_they_cost():
    bins = np.repeat([0, 1], 10_000)
    errors = np.repeat([0.05, 0.25], 10_000)
    moved = measure_mix_effect(bins, errors, np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    assert moved == pytest.approx(0.25 * 0.20, rel=0.01)
    back = measure_mix_effect(bins, errors, np.array([0.5, 0.5]), np.array([0.75, 0.25]))
    assert back == pytest.approx(-moved)


def test_nothing_moved_or_nothing_known_is_nothing():
    shares = np.array([0.5, 0.5])
    assert measure_mix_effect(np.array([0, 1]), np.array([0.0, 1.0]), shares, shares) == 0.0
    assert measure_mix_effect(np.array([], dtype=int), np.array([]), shares, np.array([1.0, 0.0])) == 0.0


def test_a_bin_of_few_rows_says_little_and_rows_in_no_bin_say_nothing():
    errors = np.concatenate([np.full(1_000, 0.1), [1.0, 1.0]])
    bins = np.concatenate([np.zeros(1_000, dtype=int), [1, 1]])
    cost = measure_mix_effect(bins, errors, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert 0.0 < cost < 0.1
    apart = measure_mix_effect(np.where(bins == 1, -1, bins), errors, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert apart == pytest.approx(0.0, abs=0.003)
