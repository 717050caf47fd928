"""What happens in which week, and which actions are right then.

A scenario begins with quiet weeks. From ``from_week`` on its change is in force; it can be known at once, or when
its first labels come; from then on it has ``deadline`` batches to be answered by ``action``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from churn_monitoring.core.records import Action

QUIET_WEEKS = 3  # two accepted batches are needed before returning customers can be compared
FROM_WEEK = QUIET_WEEKS + 1
YEAR_WEEKS = 52


@dataclass(frozen=True)
class Scenario:
    """A change with its right answer.

    Attributes:
        name: as on the command line and in the tables.
        title: in words.
        changes: as in ``simulation.scenarios`` of the parameters.
        action: the right one once the change can be known.
        weeks: batches played.
        from_week: first week of the change.
        to_week: its last week, or None.
        needs_labels: whether it can be known only from labels.
        deadline: batches, from the first at which it can be known, by which ``action`` has to come.
        tolerated: other actions that are right until the deadline, and after it where ``always`` holds.
        always: whether the tolerated actions stay right for good.
        label_delay_weeks: of the stream.
        policy: parameters that differ for this scenario, by dotted name.
    """

    name: str
    title: str
    changes: tuple[Mapping[str, Any], ...] = ()
    action: Action = "none"
    weeks: int = QUIET_WEEKS + 3
    from_week: int = FROM_WEEK
    to_week: int | None = None
    needs_labels: bool = False
    deadline: int = 1
    tolerated: frozenset[Action] = frozenset()
    always: bool = False
    label_delay_weeks: int = 1
    policy: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known_from(self) -> int:
        """First week whose judgement can know of the change."""
        return self.from_week + (self.label_delay_weeks if self.needs_labels else 0)

    @property
    def due_by(self) -> int:
        """Week by which ``action`` has to have come."""
        return self.known_from + self.deadline - 1

    def right_actions(self, week: int) -> frozenset[Action]:
        """The actions that are right in ``week`` (from 1)."""
        if week < self.from_week or (self.to_week is not None and week > self.to_week):
            return frozenset({"none"})
        tolerant = self.always or week < self.due_by
        return frozenset({self.action}) | (self.tolerated if tolerant else frozenset())


def _broken(name: str, title: str, **change: Any) -> Scenario:
    told = {"kind": name, "from_week": FROM_WEEK, "to_week": FROM_WEEK, **change}
    return Scenario(name, title, (told,), "fix_data", FROM_WEEK + 1, to_week=FROM_WEEK)


def _changed(name: str, title: str, action: Action, told: dict[str, Any], **more: Any) -> Scenario:
    return Scenario(name, title, ({"kind": name, "from_week": FROM_WEEK, **told},), action, **more)


ANY: frozenset[Action] = frozenset({"none", "alert", "retrain"})
LOUD: frozenset[Action] = frozenset({"alert", "retrain"})
BEFORE_LABELS: frozenset[Action] = frozenset({"none", "alert"})

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("quiet", "nothing changes", weeks=YEAR_WEEKS, from_week=YEAR_WEEKS + 1),
    Scenario(
        "nudge",
        "every number moves by 0.02 standard deviations",
        ({"kind": "nudge", "from_week": FROM_WEEK, "strength": 0.02},),
        weeks=QUIET_WEEKS + 3,
    ),
    _broken("broken_column", "a number in another unit (x 100)"),
    _broken("stuck_column", "a column stuck at one value"),
    _broken("missing_burst", "40 % of a column missing", strength=0.4),
    _broken("recoded_category", "a category spelt anew"),
    _broken("permuted_category", "the names of a category exchanged"),
    _broken("joined_columns", "a column joined from the wrong rows"),
    _broken("duplicates", "30 % of the rows twice", strength=0.3),
    _broken("wrong_delimiter", "semicolons for commas"),
    _broken("decimal_comma", "decimal commas"),
    _broken("swapped_columns", "two columns exchanged"),
    _changed(
        "concept_drift",
        "concept drift, sudden",
        "retrain",
        {},
        needs_labels=True,
        deadline=2,
        tolerated=ANY,
    ),
    Scenario(
        "gradual_drift",
        "concept drift, growing over 8 batches",
        ({"kind": "concept_drift", "from_week": FROM_WEEK, "ramp_weeks": 8},),
        "retrain",
        QUIET_WEEKS + 8,
        needs_labels=True,
        deadline=5,
        tolerated=ANY,
    ),
    _changed(
        "local_concept_drift",
        "concept drift in one segment (a fifth of the customers)",
        "retrain",
        {"strength": 0.2},
        weeks=QUIET_WEEKS + 6,
        needs_labels=True,
        deadline=4,
        tolerated=ANY,
    ),
    _changed("covariate_shift", "other customers, same concept", "alert", {"strength": 0.5}),
    _changed(
        "label_shift",
        "more churners of the same kinds",
        "alert",
        {"strength": 0.5},
        needs_labels=True,
        tolerated=BEFORE_LABELS,
    ),
    _changed("new_category", "a new offer, 5 % of the customers", "alert", {"strength": 0.05}),
    _changed(
        "new_region",
        "customers of a kind the champion never saw",
        "retrain",
        {"strength": 0.5},
        weeks=QUIET_WEEKS + 6,
        needs_labels=True,
        deadline=4,
        tolerated=LOUD,
        always=True,
    ),
    Scenario(
        "season",
        "a season that the reference covers",
        ({"kind": "season", "from_week": 1, "strength": 0.3},),
        weeks=YEAR_WEEKS // 2,
        from_week=YEAR_WEEKS // 2 + 1,
        policy={"schema.date": "snapshot_date"},
    ),
    Scenario("late_labels", "labels 4 batches late", weeks=12, from_week=13, label_delay_weeks=4),
    Scenario(
        "unrecorded_churners",
        "half of the churners not yet recorded",
        ({"kind": "unrecorded_churners", "from_week": 1, "strength": 0.5},),
        weeks=12,
        from_week=13,
    ),
    Scenario(
        "immature_labels",
        "half of the churners first recorded as stayed, known from 5 weeks on",
        ({"kind": "immature_labels", "from_week": 1, "strength": 0.5},),
        weeks=12,
        from_week=13,
        policy={"labels.maturity_days": 35},
    ),
)


def find_scenarios(names: str | None) -> tuple[Scenario, ...]:
    """The scenarios named, separated by commas, in the order of the catalogue; all of them for None.

    Raises:
        KeyError: with the first name that is unknown.
    """
    if names is None:
        return SCENARIOS
    asked = [name.strip() for name in names.split(",") if name.strip()]
    known = {scenario.name: scenario for scenario in SCENARIOS}
    for name in asked:
        if name not in known:
            raise KeyError(name)
    return tuple(scenario for scenario in SCENARIOS if scenario.name in asked)
