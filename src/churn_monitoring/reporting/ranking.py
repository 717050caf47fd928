"""Which of the features that moved deserve a person's attention first.

    importance × effect × link to the performance change

A feature that the model does not use may move as it likes; one that it rests on, and whose move leads to customers whom
the model knows less well, comes first although it may have moved less.
"""

from collections.abc import Mapping, Sequence
from typing import Any

LARGEST_EFFECT = 1.0
"""Effect that counts in full: all rows of a category elsewhere, or one standard deviation. A column in the wrong unit
moves by hundreds, and would hide everything else."""

UNLINKED = 0.25
"""What is left of the weight of a move that explains none of the performance change: the link is an estimate."""


def rank_features(
    features: Sequence[Mapping[str, Any]], mix_effects: Mapping[str, float], changed: str | None = None
) -> list[dict[str, Any]]:
    """The features, drifted ones first, each group by its weight, and by its effect among equals.

    Args:
        features: as in the report: ``feature``, ``drifted``, ``effect_size``, ``importance`` (None where unknown, which
            counts as an equal share).
        mix_effects: change of the Brier score to expect from a feature's move alone, by feature, where it is known.
        changed: where the labels say that outcomes changed, such as ``contract = yearly``: a name that begins with the
            feature's. Its link is then 1.

    Returns:
        New records with ``weight`` (at least 0) and ``link`` (0 to 1; None where nothing is known of it).

    Examples:
        >>> unused = {"feature": "region", "drifted": True, "effect_size": 0.6, "importance": 0.0}
        >>> used = {"feature": "tenure", "drifted": True, "effect_size": 0.3, "importance": 0.4}
        >>> [one["feature"] for one in rank_features([unused, used], {"region": 0.0, "tenure": 0.01})]
        ['tenure', 'region']
    """
    worst = max((mix_effects.get(one["feature"], 0.0) for one in features if one["drifted"]), default=0.0)
    equal = 1.0 / max(len(features), 1)
    weighed = [_weigh(one, _link(one["feature"], mix_effects, worst, changed), equal) for one in features]
    return sorted(weighed, key=lambda one: (not one["drifted"], -one["weight"], -abs(one["effect_size"])))


def _weigh(feature: Mapping[str, Any], link: float | None, equal: float) -> dict[str, Any]:
    importance = equal if feature["importance"] is None else feature["importance"]
    share = 1.0 if link is None else UNLINKED + (1.0 - UNLINKED) * link
    return {**feature, "link": link, "weight": importance * min(abs(feature["effect_size"]), LARGEST_EFFECT) * share}


def _link(name: str, mix_effects: Mapping[str, float], worst: float, changed: str | None) -> float | None:
    if changed is not None and changed.startswith(f"{name} "):
        return 1.0
    if name not in mix_effects:
        return None
    return min(max(mix_effects[name], 0.0) / worst, 1.0) if worst > 0.0 else 0.0
