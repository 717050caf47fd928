"""Many features are tested at once: which p-values are small for that?"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def adjust_benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values so that rejecting those below alpha keeps the false discovery rate at alpha.

    The i-th smallest of k p-values becomes ``min over j >= i of p_(j) k / j``, at most 1. The rate is
    controlled for tests that are independent or positively dependent, as those of correlated features are.
    With nothing wrong, the chance of any rejection is at most alpha, against 1 - (1 - alpha)^k for bare
    p-values.

    Args:
        p_values: Shape ``(k,)``, each in [0, 1], in any order; may be empty.

    Returns:
        Adjusted p-values in the order given.

    Raises:
        ValueError: If one is not in [0, 1].

    References:
        Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical
        Society B 57 (1995) 289-300.

    Examples:
        >>> adjust_benjamini_hochberg([0.01, 0.04, 0.03, 1.0])
        array([0.04      , 0.05333333, 0.05333333, 1.        ])
    """
    raw = np.asarray(p_values, dtype=np.float64)
    if not ((raw >= 0.0) & (raw <= 1.0)).all():
        raise ValueError("a p-value is not in [0, 1]")
    order = np.argsort(raw)
    scaled = raw[order] * raw.size / np.arange(1, raw.size + 1)
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
