"""How the columns of the reference hang together: one model per column that the others explain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn_monitoring.quality.coding import Coding
from churn_monitoring.quality.softmax import predict_softmax


@dataclass(frozen=True, slots=True, eq=False)
class ColumnModel:
    """Predicts the class of one column: :func:`~churn_monitoring.quality.softmax.predict_softmax`.

    Attributes:
        column: The predicted column; its own cells have weight 0.
        weights: float64[cells of all columns, k].
        intercept: float64[k].
        margin: float64[k], share of each class in the rows it was fitted on.
        r2: Share of the column's entropy that is explained in the reference rows held out.
        explained: The same in nats per row.
        surprise: Mean surprise of those rows, in nats: of a model that is not quite right, not 0.
        variance: Variance of the surprise of such a row.
        error: Standard error of their mean surprise.
    """

    column: str
    weights: NDArray[np.float64]
    intercept: NDArray[np.float64]
    margin: NDArray[np.float64]
    r2: float
    explained: float
    surprise: float
    variance: float
    error: float

    def predict(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """float64[n, k]: the probability of each class, never 0, given the cells of all columns."""
        return predict_softmax(cells, self.weights, self.intercept, self.margin)


@dataclass(frozen=True, slots=True, eq=False)
class Dependencies:
    """How the columns of the reference hang together.

    Attributes:
        codings: Of every feature, in the order of the schema.
        models: Of the columns that the others explain, in that order.
        max_rows: Rows of a batch that are looked at, at most.
    """

    codings: tuple[Coding, ...]
    models: tuple[ColumnModel, ...]
    max_rows: int
