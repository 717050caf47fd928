"""Where the addresses of channels are read from: the environment, else ``credentials.yml``; they go nowhere else."""

import os
from collections.abc import Mapping
from typing import Any

from churn_monitoring.core.alert_options import AlertOptions
from churn_monitoring.core.errors import ConfigurationError

BLOCK = "alerts"


def find_addresses(options: AlertOptions, credentials: Mapping[str, object]) -> dict[str, str]:
    """The address of each channel that has one: from the environment, ``CHURN_ALERTS_<NAME>``, else the credentials.

    Args:
        options: which channels there are.
        credentials: address by channel, the block ``alerts`` of ``credentials.yml``.
    """
    found = {name: os.environ.get(f"CHURN_ALERTS_{name.upper()}") or credentials.get(name) for name in options.channels}
    return {name: str(address) for name, address in found.items() if address}


def read_credentials(context: Any) -> Mapping[str, object]:
    """The block ``alerts`` of ``conf/local/credentials.yml``, overruled by the one of the run's own environment.

    Kedro reads one environment over ``base``; addresses in ``local`` are meant whatever ``--env`` names.

    Args:
        context: of Kedro.

    Raises:
        ConfigurationError: the block is no mapping of names to addresses.
    """
    from kedro.config import MissingConfigException, OmegaConfigLoader

    source = str(context.config_loader.conf_source)
    loader = OmegaConfigLoader(source, env=context.env, base_env="local", default_run_env="local")
    try:
        block = loader["credentials"].get(BLOCK, {})
    except MissingConfigException:
        return {}
    if not isinstance(block, Mapping):
        raise ConfigurationError(f"{BLOCK}: in credentials.yml has to name an address per channel: see docs/alerts.md.")
    return block
