"""What would have been decided under other parameters? Saved batches, judged again without side effects.

    kept features, predictions and evidence ─ rows as they were read ─ Player (edited parameters) ─ Redecided
                                    label files, each from its own day on ─┘

Nothing is read that was not known on a batch's own day, but for label files without a date in their name, and
nothing is written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churn_monitoring.bench.player import InMemory, LabelFiles, Player
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Action, Attempt, Finding, LedgerEntry
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.maturing import Logs


@dataclass(frozen=True)
class History:
    """What a project has kept of its batches.

    Attributes:
        ledger: judged batches, oldest first.
        logs: their predictions and features.
        evidence: their evidence records, as plain values.
        label_files: by name.
        attempts: retraining attempts, which start cooldowns and probations.
        load_champion: gives a registered version.
    """

    ledger: Sequence[LedgerEntry]
    logs: Logs
    evidence: Mapping[str, Callable[[], dict[str, Any]]]
    label_files: LabelFiles
    attempts: Sequence[Attempt]
    load_champion: Callable[[str], ChampionPackage]


@dataclass(frozen=True)
class Redecided:
    """One batch: what was decided on its day, and what the given parameters decide."""

    batch_id: str
    then: Action
    now: Action
    reasons: tuple[str, ...]


def decide_again(history: History, policy: Parameters, advance: Callable[[], None] = lambda: None) -> list[Redecided]:
    """Judge every saved batch again, in the order in which they were judged.

    Batches of which nothing was kept, from before features were logged, are passed over.
    """
    player = Player(policy, history.label_files, history.attempts, history.load_champion)
    decided = []
    for entry in sorted(history.ledger, key=lambda one: (one.as_of, one.batch_date, one.batch_id)):
        rows = _restore(history, entry)
        advance()
        if rows is None:
            continue
        batch = Batch(entry.batch_id, entry.batch_date, entry.as_of, InMemory(entry.batch_id, rows.rows))
        judgement = player.play(batch, history.load_champion(entry.model_version), rows).judgement
        decided.append(Redecided(entry.batch_id, entry.action, judgement.decision.action, judgement.decision.reasons))
    return decided


def _restore(history: History, entry: LedgerEntry) -> BatchRows | None:
    """The rows as they were read on the batch's day, or its rejection."""
    if entry.batch_id not in history.evidence:
        return None
    kept = history.evidence[entry.batch_id]()
    if entry.rejected:
        told = kept["evidence"]["quality"]["findings"][0]
        finding = Finding(**{**told, "examples": tuple(told["examples"])})
        return BatchRows(pd.DataFrame(), pd.Series(dtype=float), rejection=finding)
    if entry.batch_id not in history.logs.features or entry.batch_id not in history.logs.predictions:
        return None
    labels = history.logs.predictions[entry.batch_id]()["label"].astype(float)
    rows = history.logs.features[entry.batch_id]()
    # Of a large batch a sample was kept, which is judged as if it were the batch.
    kept_share = len(rows) / kept["evidence"]["rows"]
    unparseable = {name: round(count * kept_share) for name, count in kept["facts"]["unparseable"].items()}
    return BatchRows(rows, labels, unparseable)
