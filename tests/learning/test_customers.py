import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.learning.customers import assign_folds, number_customers, summarize_customers


def test_rows_without_an_id_are_customers_of_their_own():
    numbers = number_customers(pd.Series(["a", None, "b", "a", " "]))
    assert numbers[0] == numbers[3]
    assert len(set(numbers.tolist())) == 4


def test_an_id_is_the_same_customer_as_number_and_as_text():
    assert len(set(number_customers(pd.Series([7, 7.0, "7", " 7 "], dtype=object)).tolist())) == 1


def test_a_customer_who_ever_left_counts_as_positive():
    positive, sizes = summarize_customers(np.array([0.0, 1.0, 0.0]), np.array([0, 0, 1]))
    assert positive.tolist() == [True, False]
    assert sizes.tolist() == [2, 1]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=80), st.integers(2, 6))
def test_a_customer_has_one_fold_and_churners_are_spread_evenly(rows, folds):
    customers = number_customers(pd.Series([customer for customer, _ in rows]))
    labels = np.array([float(left) for _, left in rows])
    fold = assign_folds(labels, customers, folds, seed=3)
    assert len({*zip(customers.tolist(), fold.tolist(), strict=True)}) == customers.max() + 1
    positive, _ = summarize_customers(labels, customers)
    _, first = np.unique(customers, return_index=True)
    for members in (fold[first][positive], fold[first]):
        counts = np.bincount(members, minlength=folds)
        assert counts.max() - counts.min() <= 1


def test_folds_are_the_same_for_the_same_seed_and_others_for_another():
    labels, customers = np.tile([0.0, 1.0], 50), np.arange(100)
    first = assign_folds(labels, customers, 5, seed=1)
    assert first.tolist() == assign_folds(labels, customers, 5, seed=1).tolist()
    assert first.tolist() != assign_folds(labels, customers, 5, seed=2).tolist()
