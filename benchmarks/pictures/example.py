"""The worked example of docs/decision.md: two weeks of a simulated business, from evidence to action."""

from collections.abc import Iterator

from churn_monitoring.bench.player import Played, play_frames
from churn_monitoring.bench.scenarios import find_scenarios
from churn_monitoring.bench.streams import Bench, build_policy, train_champion
from churn_monitoring.simulation import simulate
from pictures.frame import read_values

SEED, ROWS = 7, 1_000
WEEKS = {"covariate_shift": 7, "concept_drift": 7}  # the change begins in week 6; its labels come a week later


def render_example() -> str:
    """What was measured and decided in the chosen week of each scenario, as a text block."""
    champion, lines = None, ["```text"]
    for name, week in WEEKS.items():
        (scenario,) = find_scenarios(name)
        policy = build_policy(Bench(read_values(), None, ROWS, {}), scenario, SEED)
        simulated = simulate(policy.table, policy.simulation, None)
        champion = champion or train_champion(simulated.customers, policy)
        frames = dict(list(simulated.batches.items())[:week])
        played = play_frames(frames, simulated.labels, champion, policy)[-1]
        lines += [f"== {name}, week {week}: batch {played.batch_id} ==", *show(played), ""]
    return "\n".join([*lines[:-1], "```"])


def show(played: Played) -> Iterator[str]:
    """Evidence, alerts and both verdicts, a line each."""
    evidence, judgement = played.judgement.evidence, played.judgement
    yield f"data quality       {evidence.quality.status}"
    drifted = [one for one in evidence.features if one.drifted]
    yield f"features           {len(drifted)} of {len(evidence.features)} drifted"
    for one in drifted:
        told = f"{one.statistic:.3g}, adjusted p = {one.adjusted_p_value:.1e}, effect {one.effect_size:.2f}"
        yield f"  {one.feature:<16} {one.test} {told}"
    if evidence.prediction is not None:
        yield f"scores             KS {evidence.prediction.statistic:.3f}, p = {evidence.prediction.p_value:.1e}"
    yield from _show_performance(played)
    for alert in judgement.alerts:
        yield f"alert              {alert.severity:<8} {alert.key}"
    yield f"calibrated         {judgement.calibrated.action}"
    yield from (f"  {reason}" for reason in judgement.calibrated.reasons)
    yield f"spec               {judgement.spec.action}"
    yield from (f"  {reason}" for reason in judgement.spec.reasons)


def _show_performance(played: Played) -> Iterator[str]:
    evidence = played.judgement.evidence
    if evidence.estimated is not None:
        one = evidence.estimated.roc_auc
        yield f"estimated ROC-AUC  {one.value:.3f} ({one.low:.3f} to {one.high:.3f})"
    newest = evidence.labelled[-1]
    if newest.performance is not None and newest.target is not None:
        one = newest.performance.roc_auc
        yield f"newest labels      batch {newest.batch_id}, {newest.rows} rows, {newest.positives} churners"
        yield f"  realized ROC-AUC  {one.value:.3f} ({one.low:.3f} to {one.high:.3f})"
        yield f"  expected          {newest.expected_roc_auc:.3f} of this mix"
        yield f"  chi-square        churn rate by {newest.target.effect_size:.3f}, p = {newest.target.p_value:.1e}"
    for test in newest.tests:
        where = f"  ({test.where})" if test.where else ""
        yield f"  {test.test:<17} effect {test.effect_size:+.3f}, p = {test.p_value:.1e}{where}"
    probe = evidence.probe
    if probe is not None:
        gain = f"{probe.gain.value:+.4f} ({probe.gain.low:+.4f} to {probe.gain.high:+.4f})"
        yield f"probe              {probe.rows} rows: gain {gain}, p = {probe.p_value:.2f}"
