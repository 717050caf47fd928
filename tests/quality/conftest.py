"""Shipped options, a table whose columns hang together, and the fault that no single column shows."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from churn_monitoring.core.options import QualityOptions, TableSchema

SHIPPED = QualityOptions(
    **yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text(encoding="utf-8"))[
        "quality"
    ]
)
TARIFFS = TableSchema(
    id="id",
    target="y",
    positive="yes",
    date=None,
    numeric=("months", "paid"),
    categorical=("tariff", "senior", "region"),
    ignored=(),
)


def draw_tariffs(seed: int, rows: int) -> pd.DataFrame:
    """Months and tariff give what was paid; seniors like one tariff a little more; the region is independent."""
    rng = np.random.default_rng(seed)
    tariff = rng.choice(["light", "flat", "max"], rows, p=[0.5, 0.3, 0.2])
    months = rng.integers(1, 73, rows).astype(float)
    price = np.select([tariff == "light", tariff == "flat"], [10.0, 25.0], 60.0)
    senior = rng.random(rows) < np.where(tariff == "light", 0.45, 0.15)
    return pd.DataFrame(
        {
            "id": pd.Series([f"c{seed}-{row}" for row in range(rows)], dtype="str"),
            "months": months,
            "paid": (months * price * rng.normal(1.0, 0.1, rows)).round(2),
            "tariff": pd.Series(tariff, dtype="str"),
            "senior": pd.Series(np.where(senior, "yes", "no"), dtype="str"),
            "region": pd.Series(rng.choice(["north", "south", "east"], rows), dtype="str"),
        }
    )


def join_wrongly(rows: pd.DataFrame, columns: tuple[str, ...], share: float = 1.0) -> pd.DataFrame:
    """The values of ``columns`` of a share of the rows are those of other rows among them."""
    rng = np.random.default_rng(99)
    struck = np.flatnonzero(rng.random(len(rows)) < share)
    origin = np.arange(len(rows))
    origin[struck] = rng.permutation(struck)
    return rows.assign(**{name: rows[name].take(origin).set_axis(rows.index) for name in columns})
