"""A multinomial logistic model of cells, small and quick enough to be fitted for every column of a table.

``softmax(intercept + sum of the weights of the row's cells)``: one-hot columns, but never written out. Sparse
products take a fraction of the work of dense ones.
"""

import numpy as np
from numpy.typing import NDArray

RIDGE = 1.0  # penalty on half the squared weights, in nats: a cell of few rows says little
MAX_STEPS = 60  # of L-BFGS, and
TOLERANCE = 1e-6  # ... the relative gain at which it stops: the fit needs to be good, not exact
DOUBT = 0.01  # weight of the bare margin in every prediction: no value is impossible


def fit_softmax(
    cells: NDArray[np.int64], total: int, classes: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit the model with a ridge penalty by L-BFGS.

    Args:
        cells: int64[n, columns]: the cells of each row, in 0 … ``total`` - 1, all different.
        total: Number of cells p.
        classes: int64[n] in 0 … ``count`` - 1.
        count: Number of classes k.

    Returns:
        Weights float64[p, k], 0 for a cell that no row has, and intercept float64[k].
    """
    from scipy.optimize import minimize
    from scipy.sparse import csr_array
    from threadpoolctl import threadpool_limits

    rows, columns = cells.shape
    design = csr_array((np.ones(cells.size), cells.ravel(), np.arange(rows + 1) * columns), shape=(rows, total))
    transposed = design.T.tocsr()
    target = np.eye(count)[classes]
    start = np.zeros((total + 1, count))
    start[-1] = np.log(target.sum(axis=0) + 0.5)

    def lose(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(start.shape)
        logits = design @ weights[:-1] + weights[-1]
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        residual = np.exp(logs) - target
        gradient = np.vstack([transposed @ residual + RIDGE * weights[:-1], residual.sum(axis=0)])
        loss = -(target * logs).sum() + 0.5 * RIDGE * np.square(weights[:-1]).sum()
        return float(loss), gradient.ravel()

    with threadpool_limits(1, user_api="blas"):  # each of its tiny solves would start threads: ten times slower
        found = minimize(
            lose, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": MAX_STEPS, "ftol": TOLERANCE}
        )
    weights = np.asarray(found.x, dtype=np.float64).reshape(start.shape)
    return weights[:-1], weights[-1]


def predict_softmax(
    cells: NDArray[np.int64],
    weights: NDArray[np.float64],
    intercept: NDArray[np.float64],
    margin: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Predict the classes of each row, with some room for every class.

    Args:
        cells: int64[n, columns].
        weights: float64[p, k].
        intercept: float64[k].
        margin: float64[k], positive, of sum 1: the shares of the classes when nothing else is known.

    Returns:
        float64[n, k], positive, rows of sum 1.
    """
    logits = intercept + weights[cells].sum(axis=1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray((1 - DOUBT) * powers / powers.sum(axis=1, keepdims=True) + DOUBT * margin)
