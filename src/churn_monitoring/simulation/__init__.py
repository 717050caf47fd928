"""A churn business with known truth: what it delivers, when, and what goes wrong in which week.

Topology:
    source.py       what a source of customers gives: World (world, population, churn) or Replay (replay)
    association.py  what "high" means in a column, and which column says most about churn
    concept.py      whose labels change places when a replayed table changes its mind
    timeline.py     which changes are in force in which week, and what they may strike
    shifts.py       other customers      (covariate shift, label shift)
    faults.py       the same customers, delivered wrongly
    truth.py        the best possible ROC-AUC
    delivery.py     simulate: all of it, week by week
"""

from churn_monitoring.simulation.delivery import Simulated, simulate

__all__ = ["Simulated", "simulate"]
