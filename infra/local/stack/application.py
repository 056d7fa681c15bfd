"""The functions behind the local gateway, and the services that they use."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.gateway.gateway import Api
from infra.local.gateway.lambda_function import Limits
from infra.local.own.functions import handler
from infra.local.own.request_state import separate_requests
from infra.local.stack.demo import create_demo_accounts
from infra.local.stack.first_key import sign_with_the_algorithm_of_the_setting

Function = Callable[[dict[str, Any], Any], Any]
Clock = Callable[[], int]
_CONFIG = Path(__file__).resolve().parents[3] / ".chalice" / "config.json"
_API = "api_handler"
MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Application:
    """The functions of an app, `authorizers` and `limits` by their Chalice name."""

    api: Api
    authorizers: Mapping[str, Function]
    limits: Mapping[str, Limits]
    mail: Function | None = None

    @classmethod
    def of_chalice(cls, app: Any) -> Application:
        """Return the functions of a Chalice app. Authorizers are found by handler string, as in Lambda.

        Time-outs and memory are the deployed ones, of `.chalice/config.json`.
        """
        limits = _limits()
        separate_requests(app)
        api = Api(app, app.routes, tuple(app.api.binary_types), limits[_API])
        authorizers = {one.name: handler(one.handler_string) for one in app.builtin_auth_handlers}
        mail = [one.handler_string for one in app.pure_lambda_functions if one.name == MAIL]
        return cls(api, authorizers, limits, handler(mail[0]) if mail else None)


@contextmanager
def gatehouse(environment: Mapping[str, str], clock: Clock | None) -> Iterator[Application]:
    """Build Gatehouse with its demo accounts, from the settings in `environment`.

    `clock` returns Unix seconds. The traceback of a crash goes to standard error, since the log omits it.
    Raises BadSetting, GatehouseError, and any exception from the import of own functions.
    """
    # Imported here: a test's own app does not need them, the ports are bound before this takes a second, and
    # `reload` imports them anew.
    from app import app
    from chalicelib import crashes
    from chalicelib.aws_adapters import AwsAdapters, now
    from chalicelib.services import Services, override_services
    from chalicelib.settings import Settings

    settings = Settings.from_environment(environment)
    built = Services(settings, AwsAdapters.of_function(settings, clock or now))
    with override_services(built) as services, crashes.listening(print_traceback):
        sign_with_the_algorithm_of_the_setting(services)
        create_demo_accounts(services)
        yield Application.of_chalice(app)


def print_traceback(error: BaseException) -> None:
    """Print an exception with its traceback to the terminal."""
    traceback.print_exception(error, file=sys.stderr)


def _limits() -> dict[str, Limits]:
    declared = json.loads(_CONFIG.read_text(encoding="utf-8"))["lambda_functions"]
    usual = Limits()
    return {
        name: Limits(
            one.get("lambda_timeout", usual.timeout_seconds), one.get("lambda_memory_size", usual.memory_mb)
        )
        for name, one in declared.items()
    }
