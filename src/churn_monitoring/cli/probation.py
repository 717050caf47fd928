"""What ``kedro status`` says of a probation, and what ``kedro cycle`` puts back where one has failed."""

from collections.abc import Sequence

from churn_monitoring.core.options import LabelOptions, ProbationOptions
from churn_monitoring.core.records import Attempt, LedgerEntry


def describe_probation(
    ledger: Sequence[LedgerEntry],
    attempts: Sequence[Attempt],
    version: str,
    options: ProbationOptions,
    labels: LabelOptions,
) -> str:
    """How the version in service stands against its promise, in a few words; ``none`` where nothing is watched."""
    from churn_monitoring.promotion.probation import count_looked_at, find_watch, is_over

    newest = max((entry.as_of for entry in ledger), default=None)
    watch = find_watch(attempts, version, newest) if newest and options.enabled else None
    if watch is None:
        return "none"
    scored = [entry for entry in ledger if entry.model_version in watch.versions]
    sound = sum(not entry.rejected and entry.action != "fix_data" for entry in scored)
    if is_over(sound, ledger, watch, options.batches, labels.window_batches):
        return "none"
    told = [entry.metrics for entry in scored if "probation_found" in entry.metrics]
    if not told:
        return f"version {version}, of which nothing is known yet"
    looked = {basis: count_looked_at(ledger, watch, basis) for basis in ("realized", "estimated")}
    basis = "realized" if looked["realized"] else "estimated"
    return (
        f"version {version}, {looked[basis]} of {options.batches} batches: ROC-AUC {told[-1]['probation_found']:.3f} "
        f"{basis}, {told[-1]['probation_promised']:.3f} promised"
    )


def choose_rollback(
    ledger: Sequence[LedgerEntry], attempts: Sequence[Attempt], current: str
) -> tuple[str | None, bool]:
    """What the newest judgement wants back in service: a version, or None for the alias ``previous``; and whether yet.

    The alias is right unless the promoted version was recalibrated since. Where something else than the judged
    version is in service by now, nothing is put back.

    Args:
        ledger: of judgements, the newest of which asked for a rollback.
        attempts: in the order in which they happened.
        current: the version in service.
    """
    from churn_monitoring.promotion.probation import find_watch

    newest = max(ledger, key=lambda entry: (entry.as_of, entry.batch_date))
    watch = find_watch(attempts, newest.model_version, newest.as_of)
    if watch is None:
        return None, False
    recalibrated = len(watch.versions) > 1
    return watch.previous_version if recalibrated else None, current in (newest.model_version, watch.previous_version)
