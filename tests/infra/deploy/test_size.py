"""What guards the data is AWS's, so the code around it stays small.

Counted are lines of code, without blank lines, comments and docstrings: of `infra/deploy` with its packaging,
of the tests of both, and of what moto is taught. `infra/template` and `infra/verify`, which the deploy calls,
are not among them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deploy.options import PROJECT
from tests.source_modules import Module

HERE = PROJECT / "tests" / "infra" / "deploy"
DEPLOY = sorted((PROJECT / "infra" / "deploy").rglob("*.py"))
MOTO = [*sorted(HERE.glob("moto_*.py")), HERE / "evaluation.py"]
TESTS = [file for file in sorted(HERE.rglob("*.py")) if file not in MOTO]
LARGEST_DEPLOY, LARGEST_TESTS, LARGEST_MOTO = 1000, 1200, 500


@pytest.mark.parametrize(
    ("part", "files", "most"),
    [
        ("deploy with packaging", DEPLOY, LARGEST_DEPLOY),
        ("their tests", TESTS, LARGEST_TESTS),
        ("what moto is taught", MOTO, LARGEST_MOTO),
    ],
)
def test_no_part_outgrows_its_measure(part: str, files: list[Path], most: int) -> None:
    found = sum(Module(file).code_lines for file in files)
    total = sum(Module(file).lines for file in files)
    print(f"{part}: {found} lines of code, {total} in all")  # noqa: T201 - the measure is to be seen
    assert found <= most
