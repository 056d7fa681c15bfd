"""The functions of a Chalice app behind the local gateway, and the services that they use."""

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
from infra.local.stack.seed import seed

Function = Callable[[dict[str, Any], Any], Any]
Clock = Callable[[], int]
CONFIG = Path(__file__).resolve().parents[3] / ".chalice" / "config.json"
_API = "api_handler"


@dataclass(frozen=True, slots=True)
class Application:
    """The functions to put behind a gateway; `authorizers` by the name that Chalice gives them."""

    api: Api
    authorizers: Mapping[str, Function]
    limits: Mapping[str, Limits]

    @classmethod
    def of_chalice(cls, app: Any, config: Path = CONFIG) -> Application:
        """Take a Chalice app apart. An authorizer is found by its handler string, as Lambda finds it.

        Time-outs and memory are those of `config`, with which the functions are deployed. Raises OSError,
        KeyError or ValueError where it does not say.
        """
        limits = _limits(config)
        api = Api(app, app.routes, tuple(app.api.binary_types), limits[_API])
        return cls(api, {one.name: _handler(one.handler_string) for one in app.builtin_auth_handlers}, limits)


@contextmanager
def gatehouse(environment: Mapping[str, str], clock: Clock | None) -> Iterator[Application]:
    """Build up Gatehouse itself, with its two demo accounts, in what `environment` describes."""
    # Here, not above: an app of a test needs none of it, and the ports are taken before this second is spent.
    from app import app
    from chalicelib.aws_adapters import AwsAdapters, now
    from chalicelib.services import Services, override_services
    from chalicelib.settings import Settings

    settings = Settings.from_environment(environment)
    with override_services(Services(settings, AwsAdapters(settings, clock or now))):
        seed(settings)
        yield Application.of_chalice(app)


def _handler(name: str) -> Function:
    module, _, function = name.rpartition(".")
    handler: Function = getattr(import_module(module), function)
    return handler


def _limits(config: Path) -> dict[str, Limits]:
    declared = json.loads(config.read_text(encoding="utf-8"))["lambda_functions"]
    return {
        name: Limits(one["lambda_timeout"], one["lambda_memory_size"])
        for name, one in declared.items()
        if "lambda_timeout" in one
    }
