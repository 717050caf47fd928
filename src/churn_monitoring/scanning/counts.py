"""What is counted of every row of a batch, whatever their number.

ChunkColumns, scores ─ count_chunk ─ BatchCounts ─ add_counts ─ BatchCounts of the batch
"""

from dataclasses import dataclass

import numpy as np

from churn_monitoring.profiling import NumericProfile, TableProfile, merge_profiles, profile_numbers
from churn_monitoring.profiling.chunk import ChunkColumns, ChunkSummary, add_chunks, profile_columns, summarize_columns
from churn_monitoring.profiling.repeats import estimate_repeats
from churn_monitoring.scanning.plan import ScanPlan


@dataclass(frozen=True, eq=False)
class BatchCounts:
    """Counts that add up, to the last bit, however the rows were divided into chunks.

    Attributes:
        table: profile of the features, unreadable values, which rows and ids repeat.
        scores: of all rows.
        unseen_scores: of customers the champion was not fitted on.
        on_anchor: profile of the features on the anchor's grids, where there is an anchor.
    """

    table: ChunkSummary
    scores: NumericProfile
    unseen_scores: NumericProfile
    on_anchor: TableProfile | None

    @property
    def rows(self) -> int:
        """Rows that were counted."""
        return self.table.profile.rows

    @property
    def forecasts(self) -> NumericProfile:
        """Scores of the customers the champion was not fitted on, or of all where these are fewer than half."""
        return self.unseen_scores if 2 * _count(self.unseen_scores) >= _count(self.scores) else self.scores

    @property
    def repeated_rows(self) -> int:
        """Rows equal to an earlier one; of more than a million distinct ones, in proportion to a part of them."""
        return estimate_repeats(self.table.rows)

    @property
    def repeated_ids(self) -> int:
        """Rows whose id an earlier one has; of more than a million ids, in proportion to a part of them."""
        return estimate_repeats(self.table.ids)


def count_chunk(
    columns: ChunkColumns, scores: np.ndarray, seen: np.ndarray, rows: np.ndarray, ids: np.ndarray, plan: ScanPlan
) -> BatchCounts:
    """Count one chunk.

    Args:
        columns: its features.
        scores: ``float64[rows]``.
        seen: ``bool[rows]``, whether the champion was fitted on a row of this customer.
        rows: ``uint64[rows]``, fingerprints of the rows.
        ids: ``uint64``, fingerprints of the ids that are there.
        plan: gives the grids.
    """
    of_all = profile_numbers(scores, plan.score_grid, additive=True)
    of_unseen = profile_numbers(scores[~seen], plan.score_grid, additive=True) if seen.any() else of_all
    return BatchCounts(
        summarize_columns(columns, plan.reference, rows, ids),
        of_all,
        of_unseen,
        profile_columns(columns, plan.anchor) if plan.anchor is not None else None,
    )


def add_counts(first: BatchCounts, second: BatchCounts) -> BatchCounts:
    """The counts of both chunks together."""
    anchored = first.on_anchor is not None and second.on_anchor is not None
    return BatchCounts(
        add_chunks(first.table, second.table),
        merge_profiles(first.scores, second.scores),
        merge_profiles(first.unseen_scores, second.unseen_scores),
        merge_profiles(first.on_anchor, second.on_anchor) if anchored else None,  # type: ignore[type-var]
    )


def _count(scores: NumericProfile) -> int:
    return scores.count + scores.missing
