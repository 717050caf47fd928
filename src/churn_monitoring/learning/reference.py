"""The held-out reference that travels with the champion: profile, scores and labels.

Never rows with scores of a model that was fitted on them: against those, every batch "drifts".
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.options import PerformanceOptions, ReferenceOptions, TableSchema
from churn_monitoring.learning.candidate import ScoredRows
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.profiling import TableProfile, fit_reference_profile
from churn_monitoring.profiling.repeats import count_repeats
from churn_monitoring.tables import fingerprint_rows


@dataclass(frozen=True)
class Reference:
    """``rows`` and ``features`` as ``reference`` and ``reference_features`` of the package, and what describes them."""

    rows: pd.DataFrame
    features: pd.DataFrame
    profile: TableProfile
    repeated_share: float

    def with_ids(self, id_column: str) -> pd.DataFrame:
        """Features with the customers' ids, by which rows of one customer stay together."""
        return self.features.assign(**{id_column: self.rows["id"].to_numpy()})

    def measure(self, threshold: float, options: PerformanceOptions) -> dict[str, Any]:
        """Performance on the reference rows, as plain values.

        Raises:
            ValueError: the reference has too few rows of one class.
        """
        performance = measure_performance(
            self.rows["label"].to_numpy(float),
            self.rows["score"].to_numpy(float),
            self.rows["probability"].to_numpy(float),
            threshold,
            options,
        )
        if performance is None:
            raise ValueError("the reference has too few rows of one class")
        return asdict(performance)


def assemble_reference(
    table: pd.DataFrame,
    parts: Mapping[str, ScoredRows],
    calibration: PlattCalibration,
    schema: TableSchema,
    options: ReferenceOptions,
    seed: int,
) -> Reference:
    """Put the parts of a reference together, by the name each row will carry in ``part``.

    Args:
        table: coerced rows that the parts' positions point into.
        parts: out-of-sample scored rows by name.
        calibration: from score to probability.
        schema: the table's schema.
        options: grid size, and the cap above which a seeded sample of the rows is kept (the profile is of all).
        seed: of that sample.
    """
    frames = [
        pd.DataFrame(
            {
                "id": table[schema.id].to_numpy()[scored.positions],
                "label": scored.labels,
                "score": scored.scores,
                "probability": calibration.apply(scored.scores),
                "part": name,
            }
        )
        for name, scored in parts.items()
    ]
    rows = pd.concat(frames, ignore_index=True)
    features = table.iloc[np.concatenate([scored.positions for scored in parts.values()])]
    repeated = count_repeats(fingerprint_rows(features, schema.features))
    profile = fit_reference_profile(features, schema, options.grid_points)
    kept = features[[*schema.features, *([schema.date] if schema.date in features else [])]].reset_index(drop=True)
    if len(rows) > options.max_rows:
        chosen = rows.sample(options.max_rows, random_state=seed).index.sort_values()
        rows, kept = rows.loc[chosen].reset_index(drop=True), kept.loc[chosen].reset_index(drop=True)
    return Reference(rows, kept, profile, repeated / len(features))
