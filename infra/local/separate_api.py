"""`python -m infra.local.separate_api FOLDER PORT`: serve another Chalice app with Gatehouse's authorizer.

The app is that of FOLDER/app.py, with the gateway responses of FOLDER/resources.yaml. Accounts, sessions and
keys are those of a running `make run`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from chalice.app import CustomAuthorizer

from infra.local.environment import HOST, local_credentials
from infra.local.gateway.authorizer import AuthorizerRules, TokenAuthorizer
from infra.local.gateway.gateway import Api, Gateway
from infra.local.gateway.wsgi import GatewayApplication
from infra.local.stack.server import HttpServer, listen
from infra.local.stack.template import DEFAULT_CACHE_SECONDS, Template

_THREADS = 8
_STACK_FILE = Path(".local/stack.json")


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve the app of a folder, and yield its URL. A port of 0 selects a free one.

    The authorizer is Gatehouse's, with the settings of this process. Raises PortInUseError, OSError, and any
    exception from the import of the app.
    """
    gateway = _gateway(_loaded(folder / "app.py"), Template.load({}, folder / "resources.yaml"))
    application = GatewayApplication(gateway)
    with closing(listen(port)) as listener:
        server = HttpServer(application, listener, _THREADS, application.refuse)
        server.start()
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.stop()


def _gateway(app: Any, template: Template) -> Gateway:
    # Imported here: it reads the settings of this process once.
    from chalicelib.api.authorizer import bearer

    guards = {
        entry.authorizer.name: entry.authorizer
        for entries in app.routes.values()
        for entry in entries.values()
        if isinstance(entry.authorizer, CustomAuthorizer)
    }
    authorizers = {
        name: TokenAuthorizer(name, bearer, AuthorizerRules(None, _cache_seconds(guard.to_swagger())))
        for name, guard in guards.items()
    }
    api = Api(app, app.routes, tuple(app.api.binary_types))
    return Gateway(api, authorizers, template.gateway_responses())


def _cache_seconds(definition: Mapping[str, Any]) -> int:
    given = definition["x-amazon-apigateway-authorizer"].get("authorizerResultTtlInSeconds")
    return DEFAULT_CACHE_SECONDS if given is None else int(given)


def _loaded(file: Path) -> Any:
    # Not as `app`, which is Gatehouse's own.
    spec = importlib.util.spec_from_file_location("separate_app", file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


def main(folder: str, port: str = "8100") -> None:
    """Serve until Ctrl-C."""
    os.environ.setdefault("GATEHOUSE_STACK_FILE", str(_STACK_FILE))
    with local_credentials(), served(Path(folder), int(port)) as url:
        print(f"{folder} runs at {url}. Ctrl-C stops it.", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
