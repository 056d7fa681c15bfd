"""The functions behind the local gateway, and the services that they use."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.local.gateway.gateway import Api
from infra.local.gateway.lambda_function import Limits
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
        api = Api(app, app.routes, tuple(app.api.binary_types), limits[_API])
        authorizers = {one.name: _handler(one.handler_string) for one in app.builtin_auth_handlers}
        mail = [one.handler_string for one in app.pure_lambda_functions if one.name == MAIL]
        return cls(api, authorizers, limits, _handler(mail[0]) if mail else None)


@contextmanager
def gatehouse(environment: Mapping[str, str], clock: Clock | None) -> Iterator[Application]:
    """Build Gatehouse with its demo accounts, from the settings in `environment`.

    `clock` returns Unix seconds. Raises BadSetting and GatehouseError.
    """
    # Imported here: a test's own app does not need them, and the ports are bound before this takes a second.
    from app import app
    from chalicelib.aws_adapters import AwsAdapters, now
    from chalicelib.services import Services, override_services
    from chalicelib.settings import Settings

    settings = Settings.from_environment(environment)
    with override_services(Services(settings, AwsAdapters.of_function(settings, clock or now))) as services:
        sign_with_the_algorithm_of_the_setting(services)
        create_demo_accounts(services)
        yield Application.of_chalice(app)


def _handler(name: str) -> Function:
    module, _, function = name.rpartition(".")
    handler: Function = getattr(import_module(module), function)
    return handler


def _limits() -> dict[str, Limits]:
    declared = json.loads(_CONFIG.read_text(encoding="utf-8"))["lambda_functions"]
    return {name: Limits(one["lambda_timeout"], one["lambda_memory_size"]) for name, one in declared.items()}
