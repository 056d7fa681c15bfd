"""One stack for each module: only one can stand in a process at a time, and one comes up in 0.2 s."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.blackbox.errors")

from tests.blackbox.local_deployment import LocalDeployment, staged  # noqa: E402 - what it imports must be rewritten first


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running
