"""What guards the data is AWS's, so the code around it stays small."""

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
# Packaging is measured by itself.
PACKAGING = {"package", "wheels", "bytecode", "compile_tree", "pruning", "archive"}
DEPLOY = [one for one in sorted((PROJECT / "infra" / "deploy").glob("*.py")) if one.stem not in PACKAGING]
MOTO = [*sorted(HERE.glob("moto_*.py")), HERE / "evaluation.py"]
TESTS = [file for file in sorted(HERE.glob("*.py")) if file not in MOTO]


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
    ("part", "files", "most"), [("deploy", DEPLOY, 1000), ("its tests", TESTS, 1200), ("moto", MOTO, 500)]
)
def test_no_part_outgrows_its_measure(part: str, files: list[Path], most: int) -> None:
    found = sum(code_lines(file) for file in files)
    total = sum(len(one.read_text(encoding="utf-8").splitlines()) for one in files)
    print(f"{part}: {found} lines of code, {total} in all")  # noqa: T201 - the measure is to be seen
    assert found <= most
