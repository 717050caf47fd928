"""Guardrails block what is lost surely and by more than the margin, and name where."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.stats import binomtest, norm, t, ttest_1samp
from sklearn.metrics import average_precision_score, recall_score, roc_auc_score

from churn_monitoring.core.parameters import read_parameters
from churn_monitoring.promotion.comparison import compare_candidates
from churn_monitoring.promotion.guardrails import Contender, Guardrail, measure_guardrails
from churn_monitoring.promotion.policy import decide_promotion

SHIPPED = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text(encoding="utf-8"))
POLICY = read_parameters(SHIPPED)
THRESHOLD = 0.4
Rows = tuple[np.ndarray, Contender, Contender, np.ndarray]


def contend(scores: np.ndarray) -> Contender:
    """As it would serve: the probability is a logistic curve of the score."""
    return Contender(scores, 1.0 / (1.0 + np.exp(-(scores - 1.2))))


def draw_rows(seed: int, rows: int = 3000, *, gain: float = 0.0, lost: float = 0.0) -> Rows:
    """Labels, champion, challenger and who pays monthly; ``gain`` everywhere, but monthly customers are ``lost``."""
    generator = np.random.default_rng(seed)
    labels = (generator.random(rows) < 0.26).astype(float)
    monthly = generator.random(rows) < 0.3
    shared = generator.normal(size=rows)
    champion = 1.5 * labels + shared + 0.3 * generator.normal(size=rows)
    skill = 1.5 + gain - np.where(monthly, lost, 0.0)
    challenger = skill * labels + shared + 0.3 * generator.normal(size=rows)
    return labels, contend(champion), contend(challenger), monthly


def measure(rows: Rows, **changed: float) -> dict[str, Guardrail]:
    labels, champion, challenger, monthly = rows
    segments = {"contract = monthly": monthly, "contract = yearly": ~monthly}
    policy = POLICY.model_copy(update={"guardrails": POLICY.guardrails.model_copy(update=changed)})
    found = measure_guardrails(labels, champion, challenger, THRESHOLD, segments, policy)
    return {each.where or each.name: each for each in found}


def judge(rows: Rows, **changed: float) -> Any:
    labels, champion, challenger, _ = rows
    comparison = compare_candidates(labels, champion.scores, {"forest": challenger.scores}, "forest", 0.95)
    return decide_promotion(comparison, list(measure(rows, **changed).values()), 0.01, 50, 50)


def test_values_are_those_of_scikit_learn() -> None:
    labels, champion, challenger, monthly = rows = draw_rows(1)
    found = measure(rows)
    for name, one in (("champion", champion), ("challenger", challenger)):
        told = {where: getattr(each, name) for where, each in found.items()}
        assert told["average_precision"] == pytest.approx(average_precision_score(labels, one.scores))
        assert told["brier"] == pytest.approx(((one.probabilities - labels) ** 2).mean())
        contacts = int((champion.probabilities >= THRESHOLD).sum())
        contacted = one.scores >= np.sort(one.scores)[-contacts]
        assert told["recall"] == pytest.approx(recall_score(labels, contacted))
        assert told["contract = monthly"] == pytest.approx(roc_auc_score(labels[monthly], one.scores[monthly]))
    for each in found.values():
        worse = each.challenger - each.champion if each.name == "brier" else each.champion - each.challenger
        assert each.loss.value == pytest.approx(worse, abs=1e-12)


def test_the_brier_score_is_a_paired_t_test() -> None:
    labels, champion, challenger, _ = rows = draw_rows(2)
    before, after = ((one.probabilities - labels) ** 2 for one in (champion, challenger))
    told = ttest_1samp(after - before, 0.0, alternative="greater")
    brier = measure(rows)["brier"]
    assert brier.p_value == pytest.approx(told.pvalue, rel=1e-9)
    assert brier.loss.low == pytest.approx(told.confidence_interval(1.0 - brier.level).low, abs=1e-12)


def find_recall(labels: np.ndarray, champion: np.ndarray, challenger: np.ndarray, contacts: int) -> float:
    """Recall lost when as many of the challenger's highest scores are contacted, ties being impossible."""
    found = [labels[np.argsort(-one)[:contacts]].sum() for one in (champion, challenger)]
    return float(found[0] - found[1]) / float(labels.sum())


def test_the_error_of_the_recall_lost_is_that_of_the_bootstrap() -> None:
    labels, champion, challenger, _ = rows = draw_rows(3, gain=-0.2)
    recall = measure(rows)["recall"]
    closed = (recall.loss.high - recall.loss.low) / 2.0 / norm.ppf(0.99)
    generator, drawn = np.random.default_rng(3), []
    for _ in range(1000):
        some = generator.integers(0, labels.size, labels.size)
        jitter = 1e-9 * generator.random(labels.size)  # rows drawn twice must not tie
        contacts = int((champion.probabilities[some] >= THRESHOLD).sum())
        scores = champion.scores[some] + jitter, challenger.scores[some] + jitter
        drawn.append(find_recall(labels[some], *scores, contacts))
    assert closed == pytest.approx(np.std(drawn), rel=0.10)


def test_customers_that_tie_at_the_border_share_the_contacts_that_are_left() -> None:
    labels = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 30, 30, 60])
    champion = Contender(np.linspace(1.0, 0.0, 150), np.linspace(1.0, 0.0, 150))  # contacts 60, finds 30 of 60
    tied = np.repeat([0.9, 0.5, 0.5, 0.1], [30, 30, 30, 60])  # 30 and half of the next 60
    guardrails = measure_guardrails(labels, champion, Contender(tied, tied), champion.scores[59], {}, POLICY)
    recall = next(one for one in guardrails if one.name == "recall")
    assert (recall.champion, recall.challenger) == (0.5, pytest.approx(0.75))


def test_the_lower_end_of_a_loss_is_above_zero_exactly_where_it_is_sure() -> None:
    for seed in range(20):
        for each in measure(draw_rows(seed, 800, gain=-0.15)).values():
            assert (each.loss.low > 0.0) == (each.p_value < each.level)
            assert each.loss.low <= each.loss.value <= each.loss.high


def test_a_challenger_that_wins_on_average_and_loses_a_segment_is_kept_out_and_the_segment_named() -> None:
    rows = draw_rows(4, gain=0.6, lost=1.3)
    decision = judge(rows)
    labels, champion, challenger, _ = rows
    assert roc_auc_score(labels, challenger.scores) > roc_auc_score(labels, champion.scores) + 0.01
    assert decision.verdict == "kept"
    blocking = [reason for reason in decision.reasons if reason.startswith("it is worse in")]
    assert blocking == [reason for reason in decision.reasons if "where contract = monthly" in reason]
    assert len(blocking) == 1
    assert judge(draw_rows(4, gain=0.6)).verdict == "promoted"


def lose(name: str) -> Rows:
    """A challenger with a clear gain in ROC-AUC that loses the named quantity alone."""
    labels, champion, better, monthly = draw_rows(5, gain=0.6)
    if name == "brier":  # a poor calibration
        return labels, champion, Contender(better.scores, better.probabilities**0.4), monthly
    if name == "average_precision":  # the few who are ranked first are customers who stay
        top = (labels == 0.0) & (np.random.default_rng(6).random(labels.size) < 0.10)
        scores = np.where(top, better.scores.max() + 9.0, better.scores + 3.0 * labels)
        return labels, champion, Contender(scores, better.probabilities), monthly
    if name == "recall":  # every fourth churner is ranked below the last who is contacted
        return labels, champion, Contender(_hide(labels, champion, better), better.probabilities), monthly
    return draw_rows(4, gain=0.6, lost=1.3)


def _hide(labels: np.ndarray, champion: Contender, better: Contender) -> np.ndarray:
    """Every fourth churner, of those ranked lowest among the contacts, is put 300 places below the last contact."""
    ranked = np.argsort(-better.scores)
    contacts = int((champion.probabilities >= THRESHOLD).sum())
    found = ranked[:contacts][labels[ranked[:contacts]] == 1.0]
    scores = better.scores.copy()
    scores[found[-int(labels.sum() / 4) :]] = scores[ranked[contacts + 300]]
    return scores


@pytest.mark.parametrize("name", ["average_precision", "brier", "recall", "segment"])
def test_each_margin_and_the_level_change_the_verdict(name: str) -> None:
    rows = lose(name)
    blocked = [each for each in measure(rows).values() if each.blocked]
    assert [each.name for each in blocked] == [name]
    assert judge(rows).verdict == "kept"
    assert judge(rows, **{f"{name}_margin": blocked[0].loss.value + 1e-9}).verdict == "promoted"
    assert judge(rows, p_value=blocked[0].p_value / 10.0).verdict == "promoted"


def test_segments_share_the_level_and_small_ones_have_no_say() -> None:
    labels, champion, challenger, monthly = draw_rows(7)
    few = np.arange(labels.size) < 60
    segments = {"contract = monthly": monthly, "contract = yearly": ~monthly, "region = north": few}
    found = measure_guardrails(labels, champion, challenger, THRESHOLD, segments, POLICY)
    assert [each.where for each in found] == [None, None, None, "contract = monthly", "contract = yearly"]
    assert [each.level for each in found] == [0.01, 0.01, 0.01, 0.005, 0.005]
    assert len(measure_guardrails(labels, champion, challenger, THRESHOLD, {}, POLICY)) == 3


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_rows_of_one_class_guard_nothing(label: float) -> None:
    scores = contend(np.linspace(-1.0, 1.0, 20))
    assert measure_guardrails(np.full(20, label), scores, scores, THRESHOLD, {}, POLICY) == ()


def test_a_challenger_that_is_the_champion_loses_nothing() -> None:
    labels, champion, _, monthly = draw_rows(8)
    for each in measure((labels, champion, champion, monthly)).values():
        assert (each.loss.value, each.p_value, each.blocked) == (0.0, 1.0, False)


def test_a_loss_that_is_the_same_for_every_row_is_as_sure_as_a_sign_test() -> None:
    labels = np.repeat([1.0, 0.0], [16, 40])
    scores = np.linspace(1.0, 0.0, 56)
    sure, unsure = Contender(scores, labels), Contender(scores, np.full(56, 0.5))
    brier = next(one for one in measure_guardrails(labels, sure, unsure, 0.5, {}, POLICY) if one.name == "brier")
    assert (brier.loss.value, brier.blocked) == (0.25, True)
    assert brier.p_value == pytest.approx(t.sf(56**0.5, 55))


def test_scores_that_are_no_numbers_are_refused() -> None:
    labels, champion, challenger, _ = draw_rows(9, 100)
    broken = Contender(challenger.scores, np.full(100, np.nan))
    with pytest.raises(ValueError, match="finite"):
        measure_guardrails(labels, champion, broken, THRESHOLD, {}, POLICY)


def test_inputs_are_left_alone() -> None:
    rows = draw_rows(10, 500)
    kept = rows[0].copy(), rows[1].scores.copy(), rows[2].probabilities.copy()
    measure(rows)
    for array, copy in zip((rows[0], rows[1].scores, rows[2].probabilities), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.slow
def test_equal_challengers_lose_surely_about_as_often_as_the_levels_say() -> None:
    rounds, sure = 2000, dict.fromkeys(measure(draw_rows(0)), 0)
    for seed in range(rounds):
        for where, each in measure(draw_rows(1000 + seed, 600)).items():
            sure[where] += each.p_value < each.level
    for where, count in sure.items():
        level = 0.005 if where.startswith("contract") else 0.01
        # 99.9 % interval of the count at the level told, a half of it and twice it being the limits of "about".
        assert binomtest(count, rounds, level / 2.0, alternative="less").pvalue > 0.001
        assert binomtest(count, rounds, level * 2.0, alternative="greater").pvalue > 0.001
