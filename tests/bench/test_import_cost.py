"""What the authorizer's import may cost: it is most of a cold start that a person waits for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUDGET_SECONDS = 2.0
NOT_NEEDED = {
    "app",
    "bcrypt",
    "boto3",
    "botocore.client",
    "chalicelib.api.token",
    "chalicelib.api.account",
    "infra",
}
_CODE = """
import json, sys, time
began = time.process_time()
import chalicelib.api.authorizer
print(json.dumps([time.process_time() - began, sorted(sys.modules)]))
"""


def test_the_authorizer_imports_little(capsys: pytest.CaptureFixture[str]) -> None:
    seconds, modules = min(_measured() for _ in range(3))
    with capsys.disabled():
        print(f"\n  import of the authorizer: {1e3 * seconds:.0f} ms of CPU, {len(modules)} modules")  # noqa: T201 - a measurement is for people
    assert not NOT_NEEDED & set(modules)
    assert seconds < BUDGET_SECONDS


def _measured() -> tuple[float, list[str]]:
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", _CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, modules = json.loads(done.stdout)
    return seconds, modules
