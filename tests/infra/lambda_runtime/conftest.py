"""The package, built and unpacked once; the functions of one stage, warm."""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra.deploy.refusal import Refused
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.lambda_runtime.function import Function, Unpacked, running, unpacked
from tests.infra.lambda_runtime.interpreter import ARCHITECTURE

Start = Callable[[str], Function]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    if (sys.platform, platform.machine()) != ("linux", ARCHITECTURE) or importlib.util.find_spec(
        "runtime_client"
    ) is None:
        pytest.skip("what is packaged for Lambda runs on no other system or processor")
    try:
        return unpacked(tmp_path_factory.mktemp("lambda"))
    except Refused as refusal:
        pytest.skip(f"no package without its dependencies: {refusal.message}")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running_stage:
        yield running_stage


@pytest.fixture(scope="module")
def start(
    package: Unpacked, stage: LocalDeployment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """Start functions that know the stage's table and secret, and derive their issuer as on AWS."""
    environment = {name: value for name, value in stage.stack.environment.items() if name != "ISSUER"}
    environment["ENDPOINT_TYPE"] = "EDGE"
    logs = tmp_path_factory.mktemp("logs")
    started: dict[str, Function] = {}
    with ExitStack() as stopping:

        def once(handler: str) -> Function:
            if handler not in started:
                log = Path(logs / f"{handler}.log")
                started[handler] = stopping.enter_context(running(package, handler, environment, log))
            return started[handler]

        yield once
