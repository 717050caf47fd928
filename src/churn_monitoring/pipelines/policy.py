"""All parameters as one validated record: what the nodes that judge are given."""

from typing import Any

from churn_monitoring.core.parameters import Parameters, read_parameters
from churn_monitoring.learning.package import ChampionPackage


def read_policy(parameters: dict[str, Any]) -> Parameters:
    """The parameters of this run; the hook has refused invalid ones before any node ran."""
    return read_parameters(parameters)


def adopt_policy(parameters: dict[str, Any], champion: ChampionPackage) -> Parameters:
    """The parameters of this run with the table as the champion knows it.

    A schema edited in YAML holds from the next training on; until then batches are judged by the one the champion and
    its reference were made with.
    """
    return adopt_schema(read_parameters(parameters), champion)


def adopt_schema(policy: Parameters, champion: ChampionPackage) -> Parameters:
    """The same parameters with the champion's schema."""
    return policy.model_copy(update={"table": champion.schema})
