"""Batches in memory through the monitoring nodes, oldest first: no tracking database, no files, nothing promoted.

frame ─ read, score ─ profile, drift, quality ─ labels ─ evidence ─ probe, probation ─ Judgement
└─ predictions, features and the ledger entry are kept for the batches that follow
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from churn_monitoring.core.errors import NoChampion
from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt, LedgerEntry
from churn_monitoring.decision.judgement import Judgement
from churn_monitoring.engines.local_scan import draw_rows, scan_chunks
from churn_monitoring.engines.progress import Progress
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.labels import read_label_rows
from churn_monitoring.performance.verdict import summarize_concept
from churn_monitoring.pipelines.monitoring import judging, maturing, measuring, probation
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows, plan_batch_scan, read_batch
from churn_monitoring.pipelines.monitoring.maturing import LabelledBatches, Logs
from churn_monitoring.pipelines.policy import adopt_schema
from churn_monitoring.promotion.probation import name_metrics
from churn_monitoring.scanning import BatchScan, DrawnRows, ScanPlan
from churn_monitoring.tables.columns import read_text

LabelFiles = Mapping[str, Callable[[], pd.DataFrame]]


@dataclass
class InMemory:
    """A delivery whose rows are at hand."""

    batch_id: str
    rows: pd.DataFrame
    batch_date: date | None = None
    size: int = 0
    modified_ns: int = 0
    path: Path = Path("data/01_raw/production")

    def fingerprint(self) -> str:
        """Nothing is told from another delivery here."""
        return ""

    def scan(self, plan: ScanPlan) -> BatchScan:
        """As of a file with these rows; nobody asks for the predictions of all of them.

        Raises:
            UnusableBatch: a column of the schema is missing, or there is no row.
        """
        chunks = self._cut(plan, plan.columns)
        return scan_chunks(chunks, plan, lambda _rows: None, self._tell()).finish(None)

    def draw(self, plan: ScanPlan) -> DrawnRows:
        """As of a file with these rows."""
        return draw_rows(self._cut(plan, plan.dated_columns), plan, self._tell())

    def _cut(self, plan: ScanPlan, columns: Sequence[str]) -> Iterator[pa.Table]:
        plan.check_columns([str(name) for name in self.rows.columns])
        names = [name for name in self.rows.columns if name in columns]
        table, most = pa.table({name: _to_arrow(self.rows[name]) for name in names}), plan.engine.chunk_rows
        return (table.slice(start, most) for start in range(0, len(self.rows), most))

    def _tell(self) -> Progress:
        return Progress(self.batch_id, len(self.rows))


def _to_arrow(values: pd.Series) -> pa.Array:
    """The column in memory; values of mixed kinds as the texts they would be in a file."""
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array(read_text(values), type=pa.string(), from_pandas=True)


@dataclass(frozen=True)
class Played:
    """What was decided about one batch, and what its labels had said about it by then."""

    batch_id: str
    as_of: date
    judgement: Judgement
    labelled: LabelledBatches
    estimated_roc_auc: float | None


def _load_nothing(version: str) -> ChampionPackage:
    raise NoChampion(f"version {version} is not kept here")


@dataclass
class Player:
    """Plays batches one after the other and remembers what a project would have kept.

    Attributes:
        policy: the parameters to judge by.
        label_files: by name; one named by a date is not read before it.
        attempts: retraining attempts, which start cooldowns and probations.
        load_version: gives a registered version, the champion that a promotion replaced.
    """

    policy: Parameters
    label_files: LabelFiles
    attempts: Sequence[Attempt] = ()
    load_version: Callable[[str], ChampionPackage] = _load_nothing
    ledger: list[LedgerEntry] = field(default_factory=list)
    predictions: dict[str, Callable[[], pd.DataFrame]] = field(default_factory=dict)
    features: dict[str, Callable[[], pd.DataFrame]] = field(default_factory=dict)
    labels: dict[str, pd.DataFrame] = field(default_factory=dict)

    def play(self, batch: Batch, champion: ChampionPackage, rows: BatchRows | None = None) -> Played:
        """Judge one batch as the monitoring pipeline does.

        Args:
            batch: with its delivery, unless ``rows`` are given.
            champion: in service on that day.
            rows: what reading the delivery gave, where that has been kept.
        """
        policy = adopt_schema(self.policy, champion)
        rows = rows or read_batch(batch, plan_batch_scan(champion, policy))[0]
        scored, _, features = measuring.score_batch(batch, rows, champion)
        profile = measuring.profile_batch(batch, rows, scored, champion, self.ledger, self.features)
        drift = measuring.measure_batch_drift(rows, profile, champion, policy)
        labels = maturing.gather_known_labels(self.label_files, batch, champion, self.ledger, policy, self._read_once)
        quality = measuring.measure_batch_quality(rows, profile, drift, champion, labels, policy)
        estimated = maturing.estimate_batch_performance(rows, scored, quality, champion, policy)
        logs = Logs(self.predictions, self.features)
        matured = maturing.gather_matured_batches(batch, rows, scored, quality, logs, self.ledger, labels, policy)
        labelled = maturing.measure_matured_batches(matured, champion, self.ledger, policy)
        evidence = judging.gather_evidence(batch, profile, quality, drift, labelled, estimated, champion)
        evidence = maturing.ask_probe(evidence, matured, champion, self.ledger, policy)
        watched = probation.find_watched(
            evidence, batch, self.ledger, self.attempts, champion, self.load_version, policy
        )
        known = probation.gather_watched_batches(watched, batch, rows, scored, logs, labels, policy)
        evidence = probation.watch_probation(evidence, known, self.ledger, self.load_version, policy)
        judgement = judging.decide_batch_action(evidence, self.attempts, policy)
        self._remember(batch, rows, judgement, labelled, champion.version)
        self.predictions[batch.batch_id] = partial(_hand_out, scored)
        self.features |= {name: partial(_hand_out, table) for name, table in features.items()}
        roc_auc = estimated["estimated"].roc_auc.value if estimated["estimated"] else None
        return Played(batch.batch_id, batch.as_of, judgement, labelled, roc_auc)

    def _read_once(self, name: str, table: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
        if name not in self.labels:
            self.labels[name] = read_label_rows(name, table, schema)
        return self.labels[name]

    def _remember(
        self, batch: Batch, rows: BatchRows, judgement: Judgement, labelled: LabelledBatches, version: str
    ) -> None:
        told = {item.batch_id: _told(item, self.policy) for item in labelled.everything}
        self.ledger = [
            LedgerEntry(**{**_as_dict(entry), "metrics": {**entry.metrics, **told.get(entry.batch_id, {})}})
            for entry in self.ledger
        ]
        self.ledger.append(
            LedgerEntry(
                run_id="",
                batch_id=batch.batch_id,
                batch_date=batch.batch_date,
                as_of=batch.as_of,
                action=judgement.decision.action,
                rejected=rows.rejection is not None,
                model_version=version,
                size=0,
                modified_ns=0,
                sha256="",
                metrics={**told.get(batch.batch_id, {}), **name_metrics(judgement.evidence.probation)},
                remedy=judgement.decision.remedy,
            )
        )


def play_frames(
    frames: Mapping[str, pd.DataFrame],
    label_files: Mapping[str, pd.DataFrame],
    champion: ChampionPackage,
    policy: Parameters,
) -> list[Played]:
    """Play simulated batches, each named by its date, against one champion that is never replaced."""
    files = {name: partial(_hand_out, table) for name, table in label_files.items()}
    player = Player(policy, files)
    played = []
    for batch_id, frame in frames.items():
        day = date.fromisoformat(batch_id)
        played.append(player.play(Batch(batch_id, day, day, InMemory(batch_id, frame)), champion))
    return played


def _hand_out(table: pd.DataFrame) -> pd.DataFrame:
    return table


def _told(item: Any, policy: Parameters) -> dict[str, float]:
    concept = summarize_concept(item.tests, 1.0, policy.concept, policy.table.target)
    told = {"known_labels": float(item.rows), "known_positives": float(item.positives)} if item.performance else {}
    told |= {"roc_auc": item.performance.roc_auc.value} if item.performance else {}
    return told | ({"concept_p_value": concept.p_value} if concept and concept.p_value is not None else {})


def _as_dict(entry: LedgerEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in LedgerEntry.__slots__}
