"""P(x) of the world: who the customers of the invented business are, before anyone asks who leaves.

    household ─┐
    services  ─┼─ contract ─ charges ─ behaviour
               ┘
The shares and the way columns hang together follow what is publicly known of telephone and internet
customers: two-year contracts belong to long tenures, fibre costs more, total charges are close to tenure
times monthly charges, and nobody without internet has streaming.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

NUMERIC = (
    "age",
    "tenure_months",
    "monthly_charges",
    "total_charges",
    "data_usage_gb",
    "support_calls",
    "late_payments",
)
CATEGORICAL = (
    "contract",
    "payment_method",
    "internet_service",
    "online_security",
    "tech_support",
    "streaming",
    "paperless_billing",
    "senior_citizen",
    "partner",
    "dependents",
    "multiple_lines",
    "region",
)
FEATURES = NUMERIC + CATEGORICAL

LONGEST_TENURE_MONTHS = 72
MISSING_USAGE_SHARE = 0.01  # meters fail now and then: the world's only natural missing values
NO_INTERNET = "no internet"

Columns = dict[str, np.ndarray]


def draw_population(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Draw customers from P(x).

    Args:
        rng: Source of all randomness.
        rows: How many customers, at least 0.

    Returns:
        One row per customer with the columns ``FEATURES``: numbers (``data_usage_gb`` with about 1 % missing)
        and text.
    """
    columns: Columns = {}
    for draw in (_draw_household, _draw_services, _draw_contract, _draw_charges, _draw_behaviour):
        columns |= draw(rng, rows, columns)
    return pd.DataFrame({name: columns[name] for name in FEATURES})


def _draw_household(rng: np.random.Generator, rows: int, _: Columns) -> Columns:
    age = np.clip(rng.normal(46, 17, rows).round(), 18, 90).astype(np.int64)
    partner = rng.random(rows) < np.where(age < 28, 0.25, 0.54)
    dependents = rng.random(rows) < np.where(partner & (age < 60), 0.60, 0.08)
    return {
        "age": age,
        "senior_citizen": _yes_no(age >= 65),
        "partner": _yes_no(partner),
        "dependents": _yes_no(dependents),
        "region": _pick(rng, ("north", "south", "east", "west", "centre"), rows, (20, 25, 15, 22, 18)),
    }


def _draw_services(rng: np.random.Generator, rows: int, drawn: Columns) -> Columns:
    senior = drawn["senior_citizen"] == "yes"
    kinds = ("fiber", "dsl", NO_INTERNET)
    internet = np.where(senior, _pick(rng, kinds, rows, (55, 35, 10)), _pick(rng, kinds, rows, (42, 34, 24))).astype(
        object
    )
    online, careful = internet != NO_INTERNET, np.where(internet == "dsl", 0.46, 0.30)
    extras = {"online_security": careful, "tech_support": careful, "streaming": np.full(rows, 0.50)}
    return {
        "internet_service": internet,
        "multiple_lines": _yes_no(rng.random(rows) < np.where(internet == "fiber", 0.60, 0.30)),
        **{
            name: np.where(online, _yes_no(rng.random(rows) < share), NO_INTERNET).astype(object)
            for name, share in extras.items()
        },
    }


def _draw_contract(rng: np.random.Generator, rows: int, drawn: Columns) -> Columns:
    fiber = drawn["internet_service"] == "fiber"
    terms = ("month-to-month", "one year", "two year")
    contract = np.where(fiber, _pick(rng, terms, rows, (66, 18, 16)), _pick(rng, terms, rows, (46, 23, 31))).astype(
        object
    )
    mean = np.select([contract == "month-to-month", contract == "one year"], [0.28, 0.58], 0.76)
    tenure = rng.beta(2.2 * mean, 2.2 * (1 - mean)) * LONGEST_TENURE_MONTHS
    ways = ("electronic check", "mailed check", "bank transfer", "credit card")
    return {
        "contract": contract,
        "tenure_months": np.maximum(tenure.round(), 1).astype(np.int64),
        "payment_method": np.where(
            contract == "month-to-month",
            _pick(rng, ways, rows, (46, 24, 15, 15)),
            _pick(rng, ways, rows, (18, 21, 31, 30)),
        ).astype(object),
        "paperless_billing": _yes_no(rng.random(rows) < np.where(fiber, 0.74, 0.48)),
    }


def _draw_charges(rng: np.random.Generator, rows: int, drawn: Columns) -> Columns:
    internet = drawn["internet_service"]
    extras = ("online_security", "tech_support", "streaming", "multiple_lines")
    monthly = 20.0 + np.select([internet == "fiber", internet == "dsl"], [48.0, 24.0], 0.0)
    monthly = monthly + sum(np.where(drawn[name] == "yes", 6.0, 0.0) for name in extras)
    monthly = np.maximum(monthly + rng.normal(0, 4, rows), 15).round(2)
    paid_share = rng.normal(1.0, 0.06, rows).clip(0.75, 1.25)  # prices changed and discounts were given
    return {
        "monthly_charges": monthly,
        "total_charges": (drawn["tenure_months"] * monthly * paid_share).round(2),
    }


def _draw_behaviour(rng: np.random.Generator, rows: int, drawn: Columns) -> Columns:
    internet = drawn["internet_service"]
    usual = np.select([internet == "fiber", internet == "dsl"], [220.0, 90.0], 0.0)
    usual = usual * np.where(drawn["streaming"] == "yes", 1.6, 1.0)
    usage = (usual * rng.lognormal(0, 0.5, rows)).round(1)
    usage[rng.random(rows) < MISSING_USAGE_SHARE] = np.nan
    calls = np.where(drawn["tech_support"] == "yes", 0.7, np.where(internet == "fiber", 1.7, 1.0))
    late = np.where(drawn["payment_method"] == "electronic check", 1.3, 0.5)
    return {
        "data_usage_gb": usage,
        "support_calls": rng.poisson(calls).astype(np.int64),
        "late_payments": rng.poisson(late).astype(np.int64),
    }


def _pick(rng: np.random.Generator, levels: Sequence[str], rows: int, percent: Sequence[float]) -> np.ndarray:
    shares = np.asarray(percent) / np.sum(percent)
    return np.asarray(levels, dtype=object)[rng.choice(len(levels), size=rows, p=shares)]


def _yes_no(condition: np.ndarray) -> np.ndarray:
    return np.where(condition, "yes", "no").astype(object)
