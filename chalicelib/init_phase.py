"""Builds what a Lambda function needs before its first request.

Lambda imports a function's module at full CPU speed with any memory size; the handler gets memory/1769 of a
core. So imports, clients, connections and the first read of the signing key belong in the import phase.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib import observability
from chalicelib.domain.deadline import time_limit
from chalicelib.domain.errors import GatehouseError
from chalicelib.lambda_environment import lambda_handler
from chalicelib.observability import Event
from chalicelib.services import get_services, monotonic
from chalicelib.settings import BadSetting

if TYPE_CHECKING:
    from chalicelib.services import Services

INIT_SECONDS = 4.0
"""Time limit. Lambda stops an import that takes longer than ten seconds, and then starts it again."""
_NOBODY = "0" * 32


def prepare(handler: str, *builders: Callable[[Services], object]) -> None:
    """In the Lambda function of `handler`, build what it needs and connect it to AWS.

    Elsewhere do nothing: another function has other permissions, and tests and commands choose their services
    later. A failure is logged and not raised: a function that cannot be imported answers no request at all,
    but an outage may be over by the next request.
    """
    if lambda_handler() != handler:
        return
    with observability.scope(function="init"):
        try:
            with time_limit(INIT_SECONDS, monotonic):
                services = get_services()
                for build in (*builders, _connect):
                    build(services)
        except (GatehouseError, BadSetting) as error:
            observability.record(Event.OUTAGE, severe=True, reason=str(error))
        except Exception as error:  # noqa: BLE001 - the first request shows the same defect, as a 500
            observability.record_crash(error)


def _connect(services: Services) -> None:
    adapters = services.adapters
    adapters.keys.current()
    # Opens the connection by the read that each request makes, here of a session that does not exist.
    adapters.sessions.session(_NOBODY, _NOBODY)
