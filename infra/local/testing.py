"""Fixtures of pytest for own functions: `own_resources` and `invoke`. Import them in a `conftest.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.environment import local_credentials
from infra.local.gateway.lambda_function import LambdaFunction, Limits
from infra.local.own.fragment import Fragment
from infra.local.own.functions import event_for, find_function
from infra.local.own.resources import create_own_resources, own_variables

__all__ = ["created", "invoke", "own_resources"]


@contextmanager
def created(fragment: Fragment) -> Iterator[dict[str, str]]:
    """Create the resources of a fragment in moto, and yield the environment variables that refer to them.

    Within the context no other AWS can be reached. Raises OwnResourcesError.
    """
    # A new session reads the models of its services again, which takes a second.
    with local_credentials(), mock_aws(config={"core": {"reset_boto3_session": False}}):
        create_own_resources(fragment, _client)
        yield own_variables(_client)


def _client(service: Any) -> Any:
    return boto3.client(service)


@pytest.fixture
def own_resources(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Create what `infra/functions.yaml` declares in moto; set and yield the functions' variables."""
    with created(Fragment.load({})) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield variables


@pytest.fixture
def invoke() -> Callable[..., Any]:
    """Return a function that invokes a schedule, queue or plain function by its name.

    `invoke("tick")` passes the usual event to a schedule, `invoke("jobs", {"id": 1})` a message to a queue;
    a second argument with `Records` is the event itself.
    """
    from chalicelib.api.application import create_app
    from chalicelib.settings import OWN_ROUTES

    app = create_app(OWN_ROUTES)

    def run(name: str, event: Any = None) -> Any:
        function, config = find_function(app, name)
        return LambdaFunction(name, function, Limits(timeout_seconds=900)).invoke(event_for(config, event))

    return run
