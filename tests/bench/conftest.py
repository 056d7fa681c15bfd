"""One package and one stack for all tests of this folder."""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.bench.bench import Bench
from tests.bench.measure import NotMeasuredError
from tests.infra.lambda_runtime.interpreter import ARCHITECTURE


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    is_like_lambda = (sys.platform, platform.machine()) == ("linux", ARCHITECTURE)
    if not is_like_lambda or importlib.util.find_spec("runtime_client") is None:
        pytest.skip("what is packaged for Lambda runs on no other system or processor")
    with closing(Bench(rounds=1)) as running:
        try:
            running.tree  # noqa: B018 - builds the package
        except NotMeasuredError as reason:
            pytest.skip(f"no package: {reason}")
        yield running
