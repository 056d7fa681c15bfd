"""How long a function takes from nothing to its first answer, printed; budgets are generous."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.blackbox.stage import PASSWORD, Stage
from tests.infra.lambda_runtime import events
from tests.infra.lambda_runtime.function import Unpacked, running
from tests.infra.lambda_runtime.test_functions import API, AUTHORIZER

BUDGET_SECONDS = 5
"""Of a machine that may be busy with other things; on an idle one of 2024 it is a tenth of that."""


def test_the_first_answer(
    package: Unpacked, stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {name: value for name, value in stage.stack.environment.items() if name != "ISSUER"}
    lines = []
    with running(package, API, environment, tmp_path / "api.log") as api:
        sign_in, first = timed(lambda: api(events.sign_in(stage.account(), PASSWORD)))
        _, second = timed(lambda: api(events.sign_in(stage.account(), PASSWORD)))
        lines.append(f"API: start {api.init_seconds:.2f} s, sign-in {first:.2f} s, then {second:.3f} s")
    event = events.authorization(f"Bearer {json.loads(sign_in['body'])['access_token']}")
    with running(package, AUTHORIZER, environment, tmp_path / "authorizer.log") as bearer:
        allowed, first = timed(lambda: bearer(event))
        _, second = timed(lambda: bearer(event))
        lines.append(
            f"authorizer: start {bearer.init_seconds:.2f} s, first {first:.2f} s, then {second:.3f} s"
        )
        assert bearer.init_seconds + first < BUDGET_SECONDS
    assert allowed["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    with capsys.disabled():
        print("\n  cold start, with the runtime's own:", "; ".join(lines))  # noqa: T201 - a measurement is for people


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    answer = call()
    return answer, time.perf_counter() - began
