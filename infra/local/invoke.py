"""`python -m infra invoke`: run a function that no request calls, on the AWS of the local stack."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import IO

import click

from infra.local.environment import isolate, running_stack
from infra.local.gateway.lambda_function import LambdaFunction, Limits
from infra.local.own.functions import MissingEventError, UnknownFunctionError, event_for, find_function
from infra.local.own.running import running_environment

_FILE = Path(".local") / "stack.json"
_TIMEOUT_SECONDS = 900
"""Lambda's maximum, since a developer may stop at a breakpoint."""


@click.command
@click.argument("name")
@click.option("--event", type=click.File(encoding="utf-8"), help="File with the event as JSON, or -.")
def invoke(name: str, event: IO[str] | None) -> None:
    """Run the function NAME of the running local stack: a schedule, queue or plain function.

    It runs in this process, with the current source. A schedule needs no event. For a queue, the event may be
    the body of one message.
    """
    stack = running_stack(Path(os.environ.get("GATEHOUSE_STACK_FILE") or _FILE))
    if stack is None:
        raise click.ClickException("No local stack is running here: start one with `make run`.")
    isolate()
    os.environ.update(running_environment(stack))
    from app import app

    try:
        function, config = find_function(app, name)
        given = event_for(config, None if event is None else json.load(event))
    except (UnknownFunctionError, MissingEventError) as error:
        raise click.ClickException(str(error)) from error
    except ValueError as error:
        raise click.ClickException(f"The event is not JSON: {error}") from error
    try:
        answer = LambdaFunction(name, function, Limits(timeout_seconds=_TIMEOUT_SECONDS)).invoke(given)
    except Exception as error:  # noqa: BLE001 - every exception of the function is shown
        traceback.print_exception(error)
        sys.exit(1)
    click.echo(json.dumps(answer, indent=2))
