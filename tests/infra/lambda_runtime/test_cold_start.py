"""How long a function takes from nothing to its first answer, held to what it cannot do without."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.blackbox.local_deployment import PASSWORD, LocalDeployment
from tests.infra.lambda_runtime import events
from tests.infra.lambda_runtime.function import Unpacked, running
from tests.infra.lambda_runtime.test_functions import API, AUTHORIZER

FLOOR = (
    "import chalice.app, jwt, boto3; from aws_lambda_powertools import Logger, single_metric; "
    "[boto3.client(name, region_name='us-east-1') for name in ('dynamodb', 'secretsmanager')]"
)
NOTHING = "operator.is_"
"""A handler of the standard library: the runtime itself, and no function."""
TURNS = 3
MOST_TIME = 1.6
"""Times the runtime, and the packages that it cannot do without; 0.9 when this was written."""


def test_the_first_answer(
    package: Unpacked, stage: LocalDeployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {name: value for name, value in stage.stack.environment.items() if name != "ISSUER"}
    with running(package, API, environment, tmp_path / "api.log") as api:
        sign_in, first = timed(lambda: api(events.sign_in(stage.account(), PASSWORD)))
    event = events.authorization(f"Bearer {json.loads(sign_in['body'])['access_token']}")

    def authorize() -> float:
        with running(package, AUTHORIZER, environment, tmp_path / "authorizer.log") as bearer:
            allowed, seconds = timed(lambda: bearer(event))
        assert allowed["policyDocument"]["Statement"][0]["Effect"] == "Allow"
        return bearer.init_seconds + seconds

    # In turn, and the better of each: the machine may be busy with other things.
    turns = [(authorize(), floor(package, tmp_path)) for _ in range(TURNS)]
    ours, least = (min(one) for one in zip(*turns, strict=True))
    with capsys.disabled():
        print(  # noqa: T201 - a measurement is for people
            f"\n  cold start to the first answer: authorizer {ours:.2f} s; "
            f"runtime and packages alone {least:.2f} s; API {api.init_seconds + first:.2f} s"
        )
    assert ours < MOST_TIME * least


def floor(package: Unpacked, folder: Path) -> float:
    """Return the seconds that a function takes which does nothing, and an import of the packages alone."""
    _, python = timed(lambda: package.run("pass"))
    imported, packages = timed(lambda: package.run(FLOOR))
    assert imported.returncode == 0, imported.stderr
    with running(package, NOTHING, {}, folder / "nothing.log") as function:
        answer, first = timed(lambda: function({}))
        assert answer is False
        return function.init_seconds + first + packages - python


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    answer = call()
    return answer, time.perf_counter() - began
