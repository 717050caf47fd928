"""What is known of a batch besides its profile: it was counted while the rows were read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from churn_monitoring.quality.returning import Agreement


@dataclass(frozen=True, slots=True)
class RepeatedRows:
    """Repetitions within a batch.

    Attributes:
        rows: Rows of the batch equal to an earlier one of it.
        ids: Rows of the batch whose id an earlier one of it has.
        reference_share: Share of repeated rows in the reference: few columns of few values repeat by nature.
    """

    rows: int = 0
    ids: int = 0
    reference_share: float = 0.0


@dataclass(frozen=True, slots=True)
class DependencyMeasure:
    """How badly one column of a batch fits the others.

    Attributes:
        column: The column that the others predict.
        r2: Share of its entropy that they explain in the reference.
        explained: The same in nats per row.
        nats: Mean surprise per row beyond the reference's.
        z: The same in standard errors.
        rows: Rows of the batch it was measured on.
    """

    column: str
    r2: float
    explained: float
    nats: float
    z: float
    rows: int


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What a profile does not hold.

    Attributes:
        unparseable: Per numeric column, the values of the batch that are text but no number.
        reference_unparseable: Per numeric column, their share of the reference's rows.
        repeated: Repeated rows and ids.
        dependencies: How badly columns fit each other.
        agreement: Per column, that of returning customers with the accepted batch before.
        usual_agreement: Per column, that of the accepted batch before with the one before it.
    """

    unparseable: Mapping[str, int] = field(default_factory=dict)
    reference_unparseable: Mapping[str, float] = field(default_factory=dict)
    repeated: RepeatedRows = RepeatedRows()
    dependencies: tuple[DependencyMeasure, ...] = ()
    agreement: Mapping[str, Agreement] = field(default_factory=dict)
    usual_agreement: Mapping[str, Agreement] = field(default_factory=dict)
