"""All that scanning a chunk needs to know of the champion: small, frozen, and fit to be sent to other processes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from churn_monitoring.core.errors import UnusableBatch
from churn_monitoring.core.options import EngineOptions, TableSchema
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.scorer import Scorer, TableScorer
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import NumericGrid, TableProfile
from churn_monitoring.tables import explain_missing_columns, missing_columns


@dataclass(frozen=True, eq=False)
class ScanPlan:
    """How chunks are read, scored and counted.

    Attributes:
        schema: the champion's columns.
        reference: profile whose grids the features are counted on.
        anchor: the same of the first reference in the champion's line; None where that is ``reference``.
        score_grid: grid the scores are counted on.
        scorer: gives the score of every row.
        calibration: from score to probability.
        threshold: on the probability, from which a customer counts as leaving.
        version: the champion's, in the registry.
        seen_ids: customers the champion was fitted on, texts without null.
        engine: rows of a chunk and of the sample.
    """

    schema: TableSchema
    reference: TableProfile
    anchor: TableProfile | None
    score_grid: NumericGrid
    scorer: Scorer | TableScorer
    calibration: PlattCalibration
    threshold: float
    version: str
    seen_ids: Any
    engine: EngineOptions = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked at; the target need not be there."""
        return (self.schema.id, self.schema.target, *self.schema.features)

    @property
    def dated_columns(self) -> tuple[str, ...]:
        """The same and the date, which only who learns from rows looks at."""
        return (*self.columns, *([self.schema.date] if self.schema.date else []))

    @property
    def texts(self) -> tuple[str, ...]:
        """Those of few distinct values, worth reading as codes."""
        return (self.schema.target, *self.schema.categorical)

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuse a table that lacks a column.

        Args:
            names: of the table's columns.

        Raises:
            UnusableBatch: its message goes on after the name of the file.
        """
        header = pd.DataFrame(columns=list(names))
        missing = missing_columns(header, self.schema, with_target=False)
        if missing:
            remedy = "deliver it again with every column of the schema, or change schema in conf and train again."
            said = f"{explain_missing_columns(header, missing)}: {remedy}"
            raise UnusableBatch(said, "missing_column", missing[0])


def plan_scan(champion: ChampionPackage, engine: EngineOptions) -> ScanPlan:
    """The plan for batches that ``champion`` scores."""
    ids = champion.training_rows.get(champion.schema.id, pd.Series(dtype="str"))
    return ScanPlan(
        schema=champion.schema,
        reference=champion.profile,
        anchor=champion.anchor,
        score_grid=champion.score_profile.grid,
        scorer=champion.scorer,
        calibration=champion.calibration,
        threshold=champion.threshold,
        version=champion.version,
        seen_ids=pa.array(ids.dropna().astype(str), type=pa.string()),
        engine=engine,
    )
