"""Sending what finished runs have left in the outbox, and noting what was taken.

A message is sent, then noted as told. Killed in between, it is sent once more by the next run, under the same id: at
least once, and exactly once unless the process dies in these milliseconds.
"""

import logging
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from churn_monitoring.alerting.messages import Message, is_held
from churn_monitoring.core.alert_options import AlertOptions
from churn_monitoring.core.parameters import read_parameters
from churn_monitoring.datasets.addresses import find_addresses, read_credentials
from churn_monitoring.datasets.channels import send
from churn_monitoring.datasets.outbox import Pending, close_outbox, find_pending, mark_told

EXPERIMENTS = ("ChurnPrediction-Monitoring", "ChurnPrediction-Alerts")
WITHDRAWN = "withdrawn: there is no such channel any more"
RETRY_SECONDS = 300  # in which one process does not try a channel again that was down: a cycle of 52 batches goes on
log = logging.getLogger(__name__)


@dataclass
class Courier:
    """Takes messages to their channels.

    Attributes:
        options: channels and timeout.
        addresses: by channel, from credentials or the environment.
        down: when a channel last failed, seconds of the monotonic clock; kept by who calls more than once.
    """

    options: AlertOptions
    addresses: Mapping[str, str]
    down: MutableMapping[str, float] = field(default_factory=dict)

    def deliver(self, model_name: str, now: datetime) -> None:
        """Send everything that waits and may be sent at ``now`` (with a time zone), oldest first.

        A channel that fails is said once and left alone, so that its messages keep their order.
        """
        for pending in find_pending(EXPERIMENTS, model_name):
            settled = [self._settle(pending, message, now) for message in pending.waiting]
            if all(settled):
                close_outbox(pending.run_id)

    def _settle(self, pending: Pending, message: Message, now: datetime) -> bool:
        """Whether a message needs no sending any more."""
        channel = self.options.channels.get(message.channel)
        if channel is None:
            mark_told(pending.run_id, message.channel, WITHDRAWN)
            return True
        if self._is_down(message.channel) or is_held(message, channel.quiet_hours, now):
            return False
        reason = send(message, channel.kind, self.addresses.get(message.channel), self.options.timeout_seconds)
        if reason is None:
            mark_told(pending.run_id, message.channel)
            return True
        self.down[message.channel] = time.monotonic()
        log.warning("Channel '%s': %s. Its messages are kept and sent by a later run.", message.channel, reason)
        return False

    def _is_down(self, channel: str) -> bool:
        return channel in self.down and time.monotonic() - self.down[channel] < RETRY_SECONDS


def send_waiting(context: Any, down: MutableMapping[str, float] | None = None) -> None:
    """Send what waits now, to the channels and addresses of a project.

    Args:
        context: of Kedro.
        down: kept by who calls more than once, see :class:`Courier`.
    """
    policy = read_parameters(context.params)
    addresses = find_addresses(policy.alerts, read_credentials(context)) if policy.alerts.channels else {}
    courier = Courier(policy.alerts, addresses, {} if down is None else down)
    courier.deliver(policy.model_name, datetime.now(tz=UTC))
