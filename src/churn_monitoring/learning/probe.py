"""Would retraining help? Asked of labelled rows, before anything is retrained.

    reference rows + matured rows of the changed batches ─ cross-fitted challenger ─┐
    the champion on the same matured rows ──────────────────────────────────────────┴ paired difference

It finds regions the champion has never seen, and refuses to retrain on shifts that retraining cannot repair.
"""

from collections.abc import Callable, Sequence

import pandas as pd
from scipy.special import ndtr
from sklearn.pipeline import Pipeline

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Probe
from churn_monitoring.learning.cross_fit import cross_fit_scores
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.labelled import ScoredBatch, choose_judged
from churn_monitoring.performance.ranking import compare_paired_roc_auc


def pool_newest(batches: Sequence[ScoredBatch], policy: Parameters) -> pd.DataFrame:
    """The judged rows of the newest ``probe.max_batches`` batches, the newest row of each customer.

    Returns:
        The features and the columns of the schema's id, ``_label`` and ``_score``.
    """
    frames = []
    for batch in batches[-policy.probe.max_batches :]:
        judged = choose_judged(batch, policy.performance)
        told = {policy.table.id: judged.ids.to_numpy(), "_label": judged.labels, "_score": judged.scores}
        frames.append(judged.rows[list(policy.table.features)].assign(**told))
    rows = pd.concat(frames, ignore_index=True)
    ids = rows[policy.table.id]
    return rows[ids.isna() | ~ids.duplicated(keep="last")].reset_index(drop=True)


def measure_probe(
    champion: ChampionPackage, batches: Sequence[ScoredBatch], build: Callable[[], Pipeline], policy: Parameters
) -> Probe | None:
    """Compare a challenger that learned from the pooled rows with the champion, on these rows.

    The challenger is cross-fitted with customers kept whole: every row is scored by a model that has seen neither
    it nor its customer. It is of the champion's own kind, so that a gain is owed to the rows and not to the kind.

    Args:
        champion: with the features of its reference.
        batches: matured batches since something changed, oldest first, with their features.
        build: gives an unfitted challenger.
        policy: options of the probe, of performance, and the seed.

    Returns:
        None where no batch is given, or fewer than ``probe.min_positives`` churners are in the pool.
    """
    if not batches:
        return None
    pool = pool_newest(batches, policy)
    positives = int(pool["_label"].sum())
    if positives < max(policy.probe.min_positives, 2) or len(pool) - positives < max(
        policy.performance.min_negatives, 2
    ):
        return None
    features = list(policy.table.features)
    past = champion.reference_features[features].assign(
        **{policy.table.id: champion.reference["id"].to_numpy(), "_label": champion.reference["label"].to_numpy(float)}
    )
    past = past[~past[policy.table.id].isin(pool[policy.table.id].dropna())]
    if len(past) > policy.training.max_training_rows:
        past = past.sample(policy.training.max_training_rows, random_state=policy.seed)
    together = pd.concat([past, pool], ignore_index=True)
    scores = cross_fit_scores(
        build,
        together[features],
        together["_label"].to_numpy(float),
        None,
        together[policy.table.id],
        policy.probe.folds,
        policy.seed,
    )[len(past) :]
    labels = pool["_label"].to_numpy(float)
    paired = compare_paired_roc_auc(labels, pool["_score"].to_numpy(float), scores, policy.performance.confidence)
    z = paired.difference.value / paired.standard_error if paired.standard_error else 0.0
    names = tuple(batch.batch_id for batch in batches[-policy.probe.max_batches :])
    return Probe(champion.candidate, names, len(pool), positives, paired.difference, float(ndtr(-z)))
