"""The model card of one version: what it is, what it was made of, how well it does, and what it is not for.

``build_model_card`` gathers plain values (the JSON form, for other programs); ``render_model_card`` writes them as
Markdown. Neither measures anything: every number was in the package.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from churn_monitoring.learning.package import ChampionPackage

CARD_VERSION = "1.0"
FEATURES_SHOWN = 50  # in the page for a person; the JSON form has all
_DECISIONS = {
    "training": "a training that a person started; the better of the candidates on validation rows",
    "promoted": "a promotion: it beat the champion on labelled rows that neither had seen",
    "recalibrated": "a recalibration: the model of the version it replaces, its scores mapped to probabilities anew",
}
_LIMITS = (
    "It ranks customers like those of its reference. Performance on others is estimated, not known, until their "
    "labels have matured.",
    "Scores are forecasts of leaving, not of what an offer changes; they show no causes.",
    "It has not been examined for different treatment of groups, beyond the segments named in the parameters.",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from: its registry name, what it replaces ('' for none), its run and the code at work."""

    model_name: str
    replaces: str
    run_id: str
    code: str


def build_model_card(package: ChampionPackage, origin: Origin) -> dict[str, Any]:
    """All that the card says, as plain JSON values."""
    facts = package.facts
    return {
        "card_version": CARD_VERSION,
        "model": {
            "name": origin.model_name,
            "candidate": package.candidate,
            "parameters": _read_parameters(package.model),
            "replaces": origin.replaces or None,
        },
        "decision": {"by": facts.get("by", "training"), "as_of": facts.get("as_of")},
        "data": {
            "training_rows": facts.get("training_rows", len(package.training_rows)),
            "window_batches": list(facts.get("window_batches", [])),
            "sha256": facts.get("data_sha256"),
        },
        "features": {
            "numeric": list(package.schema.numeric),
            "categorical": list(package.schema.categorical),
            "importance": facts.get("importance", {}),
        },
        "reference": {
            "rows": len(package.reference),
            "positives": int(package.reference["label"].sum()),
            "dates": _read_dates(package),
            "parts": {str(name): int(rows) for name, rows in package.reference["part"].value_counts().items()},
        },
        "metrics": package.metrics,
        "operating_point": {"threshold": package.threshold, **facts.get("operating_point", {})},
        "calibration": {"method": "Platt", **asdict(package.calibration)},
        "limits": [*_LIMITS, *facts.get("notes", [])],
        "reproduction": {
            "code": origin.code,
            "parameters_sha256": facts.get("parameters_sha256"),
            "run_id": origin.run_id,
        },
    }


def render_model_card(card: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    return "\n".join(_write(card)) + "\n"


def _write(card: Mapping[str, Any]) -> Iterator[str]:
    model, decision = card["model"], card["decision"]
    yield f"# Model card: {model['name']}, {model['candidate']}"
    yield ""
    yield f"Forecasts which customers leave. Made as of {decision['as_of']} by {_tell_decision(decision['by'])}."
    yield f"It replaces version {model['replaces']}." if model["replaces"] else "There was no champion before."
    yield from _write_table("Performance", ["metric", *card["metrics"]], _tabulate_metrics(card["metrics"]))
    yield from _write_facts("Operating point", card["operating_point"])
    yield from _write_facts("Calibration", card["calibration"])
    yield from _write_facts("Data it learned from", card["data"])
    yield from _write_facts("Reference it is monitored against", card["reference"])
    features = _tabulate_features(card["features"])
    yield from _write_table("Features", ["feature", "kind", "importance"], features[:FEATURES_SHOWN])
    if len(features) > FEATURES_SHOWN:
        yield from ["", f"{len(features) - FEATURES_SHOWN} less important ones are in `model_card.json`."]
    parameters = [[name, _show(value)] for name, value in model["parameters"].items()]
    yield from _write_table("Parameters of the classifier", ["parameter", "value"], parameters)
    yield from ["", "## Limits", "", *(f"- {limit}" for limit in card["limits"])]
    yield from _write_facts("How to make it again", card["reproduction"])
    yield ""
    yield (
        "Check out this code, put the same rows and parameters in place (their fingerprints are above) and run the "
        "same pipeline: all randomness comes from `seed`."
    )


def _tell_decision(by: str) -> str:
    return _DECISIONS.get(by, by)


def _write_facts(title: str, facts: Mapping[str, Any]) -> Iterator[str]:
    shown = [[name.replace("_", " "), _show(value)] for name, value in facts.items() if value not in (None, [], {})]
    yield from _write_table(title, ["", ""], shown)


def _write_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from ["", f"## {title}", ""]
    if not rows:
        yield "None."
        return
    yield _join(columns)
    yield _join(["---"] * len(columns))
    for row in rows:
        yield _join([cell.replace("|", "\\|") for cell in row])


def _join(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _tabulate_metrics(metrics: Mapping[str, Any]) -> list[list[str]]:
    known = {part: values for part, values in metrics.items() if values}
    names = dict.fromkeys(name for values in known.values() for name in values)
    return [[name.replace("_", " "), *(_show(known.get(part, {}).get(name)) for part in metrics)] for name in names]


def _tabulate_features(features: Mapping[str, Any]) -> list[list[str]]:
    kinds = {name: kind for kind in ("numeric", "categorical") for name in features[kind]}
    importance = features["importance"]
    ranked = sorted(kinds, key=lambda name: -importance.get(name, 0.0))
    return [[name, kinds[name], f"{importance[name]:.0%}" if name in importance else "-"] for name in ranked]


def _show(value: Any) -> str:
    """A value in a cell: an estimate with its interval, four digits of a number, a list with commas.

    >>> _show({"value": 0.8123, "low": 0.79, "high": 0.8345}), _show(0.123456), _show(["a", "b"]), _show(None)
    ('0.8123 (0.79 to 0.8345)', '0.1235', 'a, b', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        if {"value", "low", "high"} <= set(value):
            return f"{_show(value['value'])} ({_show(value['low'])} to {_show(value['high'])})"
        return ", ".join(f"{name} {_show(each)}" for name, each in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_show, value))
    return str(value)


def _read_parameters(model: Any) -> dict[str, Any]:
    """What the classifier was told, without what was left to it; empty for a model that is no pipeline."""
    classifier = getattr(model, "named_steps", {}).get("classifier")
    if classifier is None:
        return {}
    told = classifier.get_params()
    return {name: value for name, value in sorted(told.items()) if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | str) or (isinstance(value, float) and value == value)


def _read_dates(package: ChampionPackage) -> list[str]:
    """First and last day of the reference rows; none where the table has no dates."""
    column = package.schema.date
    if column is None or column not in package.reference_features:
        return []
    dates = pd.to_datetime(package.reference_features[column]).dropna()
    return [dates.min().date().isoformat(), dates.max().date().isoformat()] if len(dates) else []
