"""Frozen results that flow from measuring to judging to acting.

    Estimate ─ Performance ─┐
    FeatureDrift ───────────┼─ BatchEvidence ─ Evidence ─ Decision
    Finding ─ Quality ──────┘

Absent is ``None`` and says why in ``reason`` where a reader would ask; no field is ever NaN.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Severity = Literal["info", "warning", "critical"]
Action = Literal["none", "alert", "fix_data", "retrain"]
Verdict = Literal["promoted", "kept", "insufficient_evidence", "refused_data"]
QualityStatus = Literal["ok", "warning", "failed"]
FindingSeverity = Literal["info", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point estimate with a two-sided 95 % interval, ``low <= value <= high``."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One comparison of a batch with the reference.

    ``p_value`` is ``None`` where there were too few rows to tell. ``effect_size`` is the quantity the
    floor is applied to: Wasserstein distance in reference standard deviations for numbers, total variation
    for categories, the KS statistic for scores, the change of the churn rate for labels.
    """

    feature: str
    kind: Literal["numeric", "categorical", "prediction", "target", "concept"]
    test: str
    statistic: float
    p_value: float | None
    adjusted_p_value: float | None
    effect_size: float
    drifted: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One data-quality observation; ``value`` and ``limit`` are in the unit of ``check``."""

    check: str
    column: str | None
    severity: FindingSeverity
    value: float
    limit: float
    message: str


@dataclass(frozen=True, slots=True)
class Quality:
    """All findings of a batch; ``failed`` means that the batch itself is broken."""

    status: QualityStatus
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Performance:
    """Realized performance at the package's operating ``threshold`` on ``rows`` matured labels."""

    roc_auc: Estimate
    average_precision: float
    accuracy: float
    precision: float
    recall: float
    f1: float
    brier: float
    log_loss: float
    threshold: float
    rows: int
    positives: int


@dataclass(frozen=True, slots=True)
class EstimatedPerformance:
    """Performance expected from calibrated scores alone; blind to concept drift."""

    roc_auc: Estimate
    rows: int


@dataclass(frozen=True, slots=True)
class LabelledEvidence:
    """What the matured labels of one batch, scored by the present champion, say.

    ``performance``, ``target`` and ``concept`` are ``None`` below the minimum number of labels; ``reason``
    then says so in words. ``auc_drop_z`` compares the batch's ROC-AUC with the reference's.
    """

    batch_id: str
    batch_date: date
    rows: int
    label_coverage: float
    performance: Performance | None
    target: FeatureDrift | None
    concept: FeatureDrift | None
    auc_drop_z: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Whether a decided retraining has to wait, and the first day it need not."""

    active: bool
    until: date | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the decision about one batch may look at.

    ``labelled`` holds every batch with matured labels that the present champion scored, oldest first; the
    last one is the newest knowledge, which need not be about the current batch.
    """

    batch_id: str
    as_of: date
    rows: int
    quality: Quality
    features: tuple[FeatureDrift, ...]
    prediction: FeatureDrift | None
    labelled: tuple[LabelledEvidence, ...]
    reference_rows: int
    reference_roc_auc: Estimate
    estimated: EstimatedPerformance | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A problem worth a person's attention; ``key`` is stable across batches."""

    key: str
    severity: Severity
    message: str
    value: float | None
    threshold: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The action, why, and whether a retraining has to wait."""

    action: Action
    reasons: tuple[str, ...]
    cooldown: Cooldown = field(default_factory=lambda: Cooldown(active=False, until=None))


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One finished monitoring run, as the tracking database remembers it.

    ``size``, ``modified_ns`` and ``sha256`` describe the delivered file, so that a corrected delivery under
    the same id is told from the one already judged. ``metrics`` are the run's, by name.
    """

    run_id: str
    batch_id: str
    batch_date: date
    as_of: date
    action: Action
    rejected: bool
    model_version: str
    size: int
    modified_ns: int
    sha256: str
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished retraining attempt (or rollback), as the tracking database remembers it."""

    run_id: str
    as_of: date
    kind: Literal["retraining", "rollback"]
    verdict: str
    version_before: str
    version_after: str
