"""A churn business with known truth: what it delivers, when, and what goes wrong in which week.

Topology:
    association.py  what "high" means in a column, and which column says most about churn
    dependence.py   how much columns say about each other
    timeline.py     which changes are in force in which week, and how strongly; targets.py: what they strike
    source.py       what a source of customers gives
      world.py        the invented business (population, churn)
      replay.py       a labelled table (line, concept)
      arrivals.py     who is new in which week and who returns; jitter.py: what has changed of them by then
      region.py       a part of the customers; newcomers.py: one that was not there before
      past.py         dates of the training table
    shifts.py       other customers      (covariate shift, label shift, season)
    faults.py       the same customers, delivered wrongly; mixups.py: columns that no longer belong together
    labels.py       outcomes recorded late, or not yet mature
    truth.py        the best possible ROC-AUC
    delivery.py     simulate: all of it, week by week
"""

from churn_monitoring.simulation.delivery import Simulated, simulate

__all__ = ["Simulated", "simulate"]
