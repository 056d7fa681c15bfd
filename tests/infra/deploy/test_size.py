"""What guards the data is AWS's, so the code around it stays small.

Counted are lines of code, without blank lines, comments and docstrings: of `infra/deploy` with its packaging,
of the tests of both, and of what moto is taught. `infra/template` and `infra/verify`, which the deploy calls,
are not among them.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from infra.deploy.options import PROJECT

SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
HERE = PROJECT / "tests" / "infra" / "deploy"
DEPLOY = sorted((PROJECT / "infra" / "deploy").rglob("*.py"))
MOTO = [*sorted(HERE.glob("moto_*.py")), HERE / "evaluation.py"]
TESTS = [file for file in sorted(HERE.rglob("*.py")) if file not in MOTO]
LARGEST_DEPLOY, LARGEST_TESTS, LARGEST_MOTO = 1002, 1200, 500


def code_lines(file: Path) -> int:
    """Return the lines that are neither blank, nor comment, nor docstring."""
    text = file.read_text(encoding="utf-8")
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SKIPPED:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


@pytest.mark.parametrize(
    ("part", "files", "most"),
    [
        ("deploy with packaging", DEPLOY, LARGEST_DEPLOY),
        ("their tests", TESTS, LARGEST_TESTS),
        ("what moto is taught", MOTO, LARGEST_MOTO),
    ],
)
def test_no_part_outgrows_its_measure(part: str, files: list[Path], most: int) -> None:
    found = sum(code_lines(file) for file in files)
    total = sum(len(one.read_text(encoding="utf-8").splitlines()) for one in files)
    print(f"{part}: {found} lines of code, {total} in all")  # noqa: T201 - the measure is to be seen
    assert found <= most
