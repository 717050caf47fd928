"""The error rates and the power of the promotion gate, written to docs/promotion-rates.md.

    python benchmarks/promotion.py               # all of it, some minutes on one core
    python benchmarks/promotion.py --runs 100    # a look, nothing is written

labels and normal scores with a known truth ─ calibration and threshold on other rows ─ the gate as shipped ─ shares

The gate is the project's own: compare_candidates, measure_guardrails, decide_promotion with conf/base/parameters.yml.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from scipy.special import expit, logit, ndtri

from churn_monitoring.bench.tally import measure_share
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.performance.calibration import fit_platt
from churn_monitoring.performance.operating_point import choose_threshold
from churn_monitoring.performance.ranking import delong_components
from churn_monitoring.promotion.comparison import Comparison, compare_candidates
from churn_monitoring.promotion.guardrails import Contender, Guardrail, measure_guardrails
from churn_monitoring.promotion.policy import WORDS, decide_promotion

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT, HEAD = ROOT / "docs" / "promotion-rates.md", ROOT / "benchmarks" / "promotion_head.md"
POLICY = Parameters.model_validate(
    yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8"))
    | {"model_name": "bench", "customers": "none"}
)
SEED = 20260105
RUNS = 1000
SIZES = (300, 1000, 3000, 10_000)
WEEKLY_SIZES, WEEKS = (300, 1000), 12
CHURN_RATE, CORRELATION, ROC_AUC, GAIN = 0.26, 0.9, 0.80, 0.03
REFERENCE_ROWS = 5000  # rows that the champion was calibrated on
SEGMENTS = (0.55, 0.24, 0.21)  # shares of three segments in which nothing differs
NAIVE = 0.01


@dataclass(frozen=True, eq=False)
class Rows:
    """Labels, and one score per contender; the first is the champion's."""

    labels: np.ndarray
    scores: list[np.ndarray]


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt, by the gate and by rules that look at the point estimate alone."""

    verdict: str
    verdict_as_twelfth: str
    promoted_by_comparison: bool
    naive: bool
    naive_best_of_two: bool
    blocked_by: tuple[str, ...]


def separate(roc_auc: float) -> float:
    """Distance of the two classes' normal scores, in standard deviations, that has this ROC-AUC."""
    return float(2.0**0.5 * ndtri(roc_auc))


def draw_rows(generator: np.random.Generator, rows: int, truths: Sequence[float]) -> Rows:
    """Scores of contenders with these true ROC-AUCs, correlated within each class, as calibrated probabilities."""
    labels = (generator.random(rows) < CHURN_RATE).astype(float)
    shared = CORRELATION**0.5 * generator.normal(size=rows)
    scores = []
    for distance in map(separate, truths):
        normal = distance * labels + shared + (1.0 - CORRELATION) ** 0.5 * generator.normal(size=rows)
        scores.append(expit(distance * normal - distance**2 / 2.0 + logit(CHURN_RATE)))
    return Rows(labels, scores)


def equip(known: Rows, contender: int, scores: np.ndarray) -> tuple[Contender, float]:
    """With the calibration and the threshold that its scores on known rows lead to."""
    calibration = fit_platt(known.labels, known.scores[contender])
    told = calibration.apply(known.scores[contender])
    return Contender(scores, calibration.apply(scores)), choose_threshold(known.labels, told, POLICY.operating_point)


@dataclass(frozen=True, eq=False)
class Attempt:
    """The rows of one attempt: as many to choose, calibrate and tune the challenger on as to compare on."""

    learning: Rows
    compared: Rows

    @classmethod
    def draw(cls, generator: np.random.Generator, rows: int, truths: Sequence[float]) -> "Attempt":
        return cls(draw_rows(generator, rows, truths), draw_rows(generator, rows, truths))

    def choose(self) -> int:
        """The challenger with the higher ROC-AUC on the learning rows."""
        challengers = range(1, len(self.learning.scores))
        if len(challengers) == 1:
            return 1
        return max(
            challengers, key=lambda one: delong_components(self.learning.labels, self.learning.scores[one]).roc_auc
        )

    def compare(self, chosen: int, number: int, *, alone: bool = False) -> Comparison:
        """All challengers, or ``alone`` the chosen one, which changes nothing about it and takes half the time."""
        champion, *others = self.compared.scores
        named = {str(one): scores for one, scores in enumerate(others, start=1) if one == chosen or not alone}
        confidence = POLICY.retraining.confidence
        return compare_candidates(self.compared.labels, champion, named, str(chosen), confidence, number)


def decide(comparison: Comparison, guardrails: Sequence[Guardrail] = ()) -> str:
    needed = POLICY.retraining.min_positives, POLICY.retraining.min_negatives
    return decide_promotion(comparison, guardrails, POLICY.min_improvement, *needed).verdict


def judge_attempt(generator: np.random.Generator, rows: int, truths: Sequence[float]) -> Outcome:
    """One first attempt, whole."""
    drawn = Attempt.draw(generator, rows, truths)
    chosen = drawn.choose()
    comparison, guardrails = drawn.compare(chosen, 1), guard(generator, drawn, chosen, truths)
    gains = [one.paired.difference.value for one in comparison.challengers.values()]
    return Outcome(
        verdict=decide(comparison, guardrails),
        verdict_as_twelfth=decide(drawn.compare(chosen, WEEKS), guardrails) if len(truths) == 2 else "not asked",
        promoted_by_comparison=decide(comparison) == "promoted",
        naive=gains[0] > NAIVE,
        naive_best_of_two=max(gains) > NAIVE,
        blocked_by=tuple(sorted({one.name for one in guardrails if one.blocked})),
    )


def promotes(generator: np.random.Generator, rows: int, truths: Sequence[float], number: int) -> bool:
    """Whether the ``number``-th attempt promotes; guardrails are measured only where they can change that."""
    drawn = Attempt.draw(generator, rows, truths)
    chosen = drawn.choose()
    comparison = drawn.compare(chosen, number, alone=True)
    if decide(comparison) != "promoted":
        return False
    return decide(comparison, guard(generator, drawn, chosen, truths)) == "promoted"


def guard(
    generator: np.random.Generator, drawn: Attempt, chosen: int, truths: Sequence[float]
) -> tuple[Guardrail, ...]:
    reference, compared = draw_rows(generator, REFERENCE_ROWS, truths[:1]), drawn.compared
    inside = generator.choice(len(SEGMENTS), size=compared.labels.size, p=SEGMENTS)
    segments = {f"segment = {name}": inside == number for number, name in enumerate("abc")}
    champion, threshold = equip(reference, 0, compared.scores[0])
    challenger, _ = equip(drawn.learning, chosen, compared.scores[chosen])
    return measure_guardrails(compared.labels, champion, challenger, threshold, segments, POLICY)


def play(name: int, rows: int, truths: Sequence[float], runs: int) -> list[Outcome]:
    """Independent attempts; every cell has a random stream of its own."""
    generator = np.random.default_rng([SEED, name, rows])
    return [judge_attempt(generator, rows, truths) for _ in range(runs)]


def play_weeks(rows: int, runs: int) -> list[int | None]:
    """For each run of weekly attempts of equal challengers on fresh rows: the week of a promotion, or None."""
    generator = np.random.default_rng([SEED, 3, rows])
    truths = (ROC_AUC,) * 3

    def run() -> int | None:
        return next((week for week in range(1, WEEKS + 1) if promotes(generator, rows, truths, week)), None)

    return [run() for _ in range(runs)]


def share(outcomes: Sequence[object], holds: Callable[..., bool]) -> str:
    rate = measure_share(sum(map(holds, outcomes)), len(outcomes))
    return f"{100 * rate.value:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *rows])


def promoted(one: Outcome) -> bool:
    return one.verdict == "promoted"


def render_equal(cells: dict[int, list[Outcome]]) -> str:
    lines = [
        (
            f"{rows:,}",
            share(cell, promoted),
            share(cell, lambda one: one.naive),
            share(cell, lambda one: one.naive_best_of_two),
        )
        for rows, cell in cells.items()
    ]
    head = ("labelled rows", "our gate, best of two", "+0.01 alone, one challenger", "+0.01 alone, best of two")
    return table(head, lines)


def render_better(cells: dict[int, list[Outcome]]) -> str:
    lines = [
        (
            f"{rows:,}",
            share(cell, promoted),
            share(cell, lambda one: one.promoted_by_comparison),
            share(cell, lambda one: one.verdict_as_twelfth == "promoted"),
        )
        for rows, cell in cells.items()
    ]
    return table(("labelled rows", "our gate", "without guardrails", f"our gate, as comparison {WEEKS}"), lines)


def render_weeks(cells: dict[int, list[int | None]]) -> str:
    lines = [
        (f"{rows:,}", share(cell, lambda week: week is not None), share(cell, lambda week: week == 1))
        for rows, cell in cells.items()
    ]
    return table(("labelled rows each week", f"any promotion in {WEEKS} attempts", "in the first"), lines)


def render_blocks(cells: dict[int, list[Outcome]]) -> str:
    lines = []
    for rows, cell in cells.items():
        told = [share(cell, lambda one, name=name: name in one.blocked_by) for name in WORDS]
        lines.append((f"{rows:,}", share(cell, lambda one: bool(one.blocked_by)), *told))
    return table(("labelled rows", "any", "average precision", "Brier score", "recall", "a segment"), lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    start = time.perf_counter()
    equal = {rows: play(1, rows, (ROC_AUC,) * 3, runs) for rows in SIZES}
    better = {rows: play(2, rows, (ROC_AUC, ROC_AUC + GAIN), runs) for rows in SIZES}
    weeks = {rows: play_weeks(rows, runs) for rows in WEEKLY_SIZES}
    parts = [
        HEAD.read_text(encoding="utf-8").rstrip(),
        f"## A challenger that is truly equal, {runs:,} runs a line",
        render_equal(equal),
        f"## A challenger that is truly {GAIN:+g} better, {runs:,} runs a line",
        render_better(better),
        f"## {WEEKS} weekly attempts with equal challengers, {runs:,} runs a line",
        render_weeks(weeks),
        f"## How often a guardrail blocks the challenger that is {GAIN:+g} better",
        render_blocks(better),
        "## How often a guardrail would block the equal one",
        render_blocks(equal),
    ]
    document = "\n\n".join(parts) + "\n"
    print(document if runs != RUNS else f"{time.perf_counter() - start:.0f} s")
    if runs == RUNS:
        DOCUMENT.write_text(document, encoding="utf-8")
        print(f"written: {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
