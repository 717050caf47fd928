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
Remedy = Literal["recalibrate", "roll_back"]
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
    for categories, the KS statistic for scores, the change of the churn rate for labels. ``importance`` is the
    feature's share of what the champion's ranking rests on, where that is known. ``usual_in`` names a period of
    the reference that shows the same change, where there is one: a season is no drift.
    """

    feature: str
    kind: Literal["numeric", "categorical", "prediction", "target", "concept"]
    test: str
    statistic: float
    p_value: float | None
    adjusted_p_value: float | None
    effect_size: float
    drifted: bool
    importance: float | None = None
    usual_in: str | None = None


@dataclass(frozen=True, slots=True)
class AnchorDrift:
    """A batch against the first reference in the champion's line, which no promotion has moved.

    ``version`` and ``as_of`` (ISO date) are those of the champion it was the reference of; ``features`` are judged as
    against the present reference, seasons not taken out. Many small moves, each learned by another champion, add
    up here.
    """

    version: str
    as_of: str
    features: tuple[FeatureDrift, ...]


@dataclass(frozen=True, slots=True)
class ConceptTest:
    """One test of whether P(y | x) is what it was, on labelled rows; levels and floors are applied later.

    ``p_value`` is two-sided for ``intercept`` and ``calibration_slope``, one-sided for ``roc_auc_gap``, adjusted
    for the features looked at for ``local``. ``effect_size`` is signed: change of the churn rate, relative change
    of the slope, ROC-AUC missing, change of the churn rate at equal scores in the part that ``where`` names.
    """

    test: Literal["intercept", "calibration_slope", "roc_auc_gap", "local"]
    statistic: float
    p_value: float
    effect_size: float
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One data-quality observation; ``value`` and ``limit`` are in the unit of ``check``.

    ``examples`` are ids of up to three rows that show it, where single rows can.
    """

    check: str
    column: str | None
    severity: FindingSeverity
    value: float
    limit: float
    message: str
    examples: tuple[str, ...] = ()


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
    """Performance expected from calibrated scores alone, as it will be realized; blind to concept drift."""

    roc_auc: Estimate
    average_precision: Estimate
    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    rows: int


@dataclass(frozen=True, slots=True)
class LabelledEvidence:
    """What the matured labels of one batch, scored by the present champion, say.

    ``performance`` and ``target`` are ``None`` and ``tests`` empty where the labels cannot be judged; ``reason``
    then says why in words. ``auc_drop_z`` compares the batch's ROC-AUC with the reference's;
    ``expected_roc_auc`` is what the calibrated scores lead one to expect at the batch's own churn rate.
    ``segments`` holds performance by ``column = level``; ``rows`` and ``positives`` count all labels known so far.
    """

    batch_id: str
    batch_date: date
    rows: int
    label_coverage: float
    performance: Performance | None
    target: FeatureDrift | None = None
    tests: tuple[ConceptTest, ...] = ()
    auc_drop_z: float | None = None
    expected_roc_auc: float | None = None
    segments: dict[str, Performance] = field(default_factory=dict)
    positives: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class EarlierEvidence:
    """The labelled batches just before the newest: one row per customer, and none of the newest's customers.

    Its ``tests`` are therefore independent of the newest batch's, however many customers come back.
    ``pooled_roc_auc`` is of these rows and the newest batch together.
    """

    batches: tuple[str, ...]
    rows: int
    tests: tuple[ConceptTest, ...]
    pooled_roc_auc: Estimate | None


@dataclass(frozen=True, slots=True)
class Probe:
    """Would retraining help? A cross-fitted challenger against the champion on the same pooled rows.

    ``gain`` is the challenger's ROC-AUC minus the champion's, ``p_value`` one-sided against no gain.
    """

    candidate: str
    batches: tuple[str, ...]
    rows: int
    positives: int
    gain: Estimate
    p_value: float


@dataclass(frozen=True, slots=True)
class Probation:
    """How a newly promoted champion does against what its promotion promised, on the batches it is watched on.

    ``promised`` is the challenger's ROC-AUC on the comparison rows, ``found`` its own on the batches, from labels
    (``realized``) or from calibrated scores alone (``estimated``); ``p_value`` is one-sided against no shortfall.
    ``looked`` says whether this is one of the few looks that may act; in between the numbers are only shown.
    ``previous`` is the replaced champion's ROC-AUC on the same rows, None where it was not asked or, as ``unasked``
    tells, could not be. ``to_come`` and ``to_mature`` count the watched batches that are not here or not labelled yet.
    """

    version: str
    previous_version: str
    batches: tuple[str, ...]
    rows: int
    basis: Literal["realized", "estimated"]
    promised: Estimate
    found: Estimate
    p_value: float
    previous: Estimate | None = None
    unasked: str | None = None
    looked: bool = True
    to_come: int = 0
    to_mature: int = 0


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Whether a decided retraining has to wait, and the first day it need not."""

    active: bool
    until: date | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the decision about one batch may look at.

    ``labelled`` holds every batch whose matured labels could be judged and that the present champion scored, oldest
    first; the last one is the newest knowledge, which need not be about the current batch. ``probe`` is ``None``
    where nothing asked for it, or where too few labels have matured. ``looked_at`` is how many rows of a large
    batch are in the sample that stands for it in whatever is no count; ``None`` where all of them were looked at.
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
    earlier: EarlierEvidence | None = None
    probe: Probe | None = None
    probation: Probation | None = None
    anchor: AnchorDrift | None = None
    looked_at: int | None = None


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
    """The action, why, and whether a retraining has to wait.

    ``remedy`` is what ``kedro cycle`` carries out by itself beside the action: scores are recalibrated, or the previous
    champion is put back.
    """

    action: Action
    reasons: tuple[str, ...]
    cooldown: Cooldown = field(default_factory=lambda: Cooldown(active=False, until=None))
    remedy: Remedy | None = None


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
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished attempt to change what is in service, as the tracking database remembers it.

    ``verdict`` is that of a retraining, ``recalibrated`` or ``kept`` of a recalibration, ``rolled_back`` of a rollback.
    ``metrics`` are the run's, by name.
    """

    run_id: str
    as_of: date
    kind: Literal["retraining", "recalibration", "rollback"]
    verdict: str
    version_before: str
    version_after: str
    metrics: dict[str, float] = field(default_factory=dict)
