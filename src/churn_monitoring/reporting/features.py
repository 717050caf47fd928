"""The features of one batch as a page shows them: ranked, drawn, and said in plain numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from churn_monitoring.reporting.charts import build_histogram, build_level_bars
from churn_monitoring.reporting.formats import format_plain, format_share
from churn_monitoring.reporting.ranking import rank_features

OPEN_CARDS = 6
"""Cards that are shown at once; the others can be opened."""
NOTABLE = 0.02
"""Change of a share that is worth a sentence."""


def view_features(drift: Mapping[str, Any], shapes: Mapping[str, Any], top: int, listed: int) -> dict[str, Any]:
    """Cards of the features that moved, the most telling first, and all as rows of a table.

    Args:
        drift: of the report.
        shapes: of the batch's picture, by feature; empty where none was kept.
        top: most features that get a card.
        listed: most rows of the table.

    Returns:
        ``cards``, ``more_cards`` and ``calm_cards`` (of the most important features where none moved), ``rows``,
        ``left`` (how many the table leaves to the JSON report), ``count`` and ``moved`` (how many drifted).
    """
    effects = {name: shape["mix_effect"] for name, shape in shapes.items()}
    ranked = rank_features(drift["features"], effects, _find_changed(drift["concept_tests"], drift["concept"]))
    drawn = [one for one in ranked if one["feature"] in shapes]
    cards = [_draw_card(one, shapes[one["feature"]]) for one in drawn if one["drifted"]][:top]
    calm = [] if cards else [_draw_card(one, shapes[one["feature"]]) for one in drawn[:2]]
    largest = max((min(abs(one["effect_size"]), 1.0) for one in ranked), default=0.0) or 1.0
    bars = [one | {"bar": round(100 * min(abs(one["effect_size"]), 1.0) / largest, 1)} for one in ranked]
    return {
        "cards": cards[:OPEN_CARDS],
        "more_cards": cards[OPEN_CARDS:],
        "calm_cards": calm,
        "rows": bars[:listed],
        "left": max(len(bars) - listed, 0),
        "count": len(bars),
        "moved": sum(one["drifted"] for one in bars),
    }


def _find_changed(tests: Sequence[Mapping[str, Any]], concept: Mapping[str, Any] | None) -> str | None:
    """Where the labels say that outcomes changed, once concept drift has been found at all."""
    if concept is None or not concept["drifted"]:
        return None
    return next((test["where"] for test in tests if test["test"] == "local" and test["p_value"] < 0.01), None)


def _draw_card(feature: dict[str, Any], shape: Mapping[str, Any]) -> dict[str, Any]:
    number = "edges" in shape
    return feature | {
        "mix_effect": shape["mix_effect"],
        "histogram": build_histogram(shape) if number else None,
        "levels": () if number else build_level_bars(shape),
        "sentences": [*(_tell_number(shape) if number else _tell_category(shape)), *_tell_missing(shape)],
    }


def _tell_number(shape: Mapping[str, Any]) -> list[str]:
    told = []
    for name in ("lower_quartile", "median", "upper_quartile"):
        before, now = shape[name]
        if before is not None and now is not None:
            told.append(f"{name.replace('_', ' ')} {format_plain(before)} → {format_plain(now)}")
    sentences = [", ".join(told).capitalize() + "."] if told else []
    for side, end in (("below", shape["edges"][0]), ("above", shape["edges"][-1])):
        before, now = shape[side]
        if now - before > NOTABLE:
            sentences.append(f"{format_share(now)} lie {side} {format_plain(end)} (reference: {format_share(before)}).")
    return sentences


def _tell_category(shape: Mapping[str, Any]) -> list[str]:
    moves = zip(shape["levels"], shape["reference"], shape["batch"], strict=True)
    ranked = sorted(moves, key=lambda move: -abs(move[2] - move[1]))[:2]
    told = [f"{name} {format_share(before)} → {format_share(now)}" for name, before, now in ranked]
    return [", ".join(told) + "."] if told else []


def _tell_missing(shape: Mapping[str, Any]) -> list[str]:
    before, now = shape["missing"]
    if abs(now - before) <= NOTABLE:
        return []
    return [f"Missing in {format_share(now)} of the rows (reference: {format_share(before)})."]
