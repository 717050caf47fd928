"""Who is who: the rows of one customer are nearly copies, so they must stay on one side of any split."""

import numpy as np
import pandas as pd

from churn_monitoring.tables.columns import read_text


def number_customers(ids: pd.Series) -> np.ndarray:
    """int64[n]: one number 0, 1, … per customer; a row without an id is a customer of its own."""
    codes, known = pd.factorize(read_text(ids))
    unnamed = codes < 0
    numbers = codes.astype(np.int64)
    numbers[unnamed] = len(known) + np.arange(np.count_nonzero(unnamed))
    return numbers


def summarize_customers(labels: np.ndarray, customers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per customer number: whether any of its rows is positive (bool), and how many rows it has (int64)."""
    count = int(customers.max(initial=-1)) + 1
    positive = np.zeros(count, dtype=bool)
    positive[customers[labels > 0]] = True
    return positive, np.bincount(customers, minlength=count)


def assign_folds(labels: np.ndarray, customers: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """int64[n]: a fold 0 … ``folds`` - 1 per row; a customer has one fold, and churners are spread evenly.

    Customers are shuffled and dealt like cards, those who ever left first. (scikit-learn's
    ``StratifiedGroupKFold`` does this too, but takes 10 s for 100,000 customers.)
    """
    positive, _ = summarize_customers(labels, customers)
    shuffled = np.random.default_rng(seed).permutation(len(positive))
    dealt = shuffled[np.argsort(~positive[shuffled], kind="stable")]
    fold_of_customer = np.empty(len(positive), dtype=np.int64)
    fold_of_customer[dealt] = np.arange(len(dealt)) % folds
    fold: np.ndarray = fold_of_customer[customers]
    return fold
