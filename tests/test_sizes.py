"""How large files, functions, folders and packages may be."""

from __future__ import annotations

from collections import Counter
from statistics import median, quantiles

import pytest

from tests.source_modules import EVERYTHING, LAMBDA_CODE, ROOT, Module, modules

LARGEST_FILE, LARGEST_FUNCTION, LARGEST_APP, LARGEST_FOLDER = 250, 50, 30, 12
LARGER_FOLDERS: dict[str, int] = {}
"""Folders still above the largest size. Lower these numbers, never raise them."""


def lines(*folders: str) -> int:
    """Return the lines of the Python files below these folders."""
    return sum(module.lines for module in modules(*folders))


def test_files_and_functions_are_short() -> None:
    sizes = [(module.name, module.lines) for module in EVERYTHING]
    assert [(name, size) for name, size in sizes if size > LARGEST_FILE] == []
    functions = [one for module in EVERYTHING for one in module.functions]
    assert [(name, size) for name, size in functions if size > LARGEST_FUNCTION] == []


def test_most_files_and_functions_are_small() -> None:
    code = [*LAMBDA_CODE, *modules("infra")]
    functions = [count for module in code for _, count in module.functions]
    assert median(module.lines for module in code if module.lines) <= 80
    assert median(functions) <= 10
    assert quantiles(functions, n=10)[8] <= 30


def test_folders_are_small() -> None:
    found = Counter(
        str(module.path.parent.relative_to(ROOT))
        for module in [*LAMBDA_CODE, *modules("infra")]
        if module.path.stem != "__init__"
    )
    assert {folder: count for folder, count in found.items() if count > LARGEST_FOLDER} == LARGER_FOLDERS


def test_the_app_only_registers_blueprints() -> None:
    app = Module(ROOT / "app.py")
    assert app.lines <= LARGEST_APP
    assert app.functions == []


def test_infra_is_no_larger_than_chalicelib(capsys: pytest.CaptureFixture[str]) -> None:
    """Print the sizes, too: `make check` shows them."""
    infra, chalicelib, tests = lines("infra"), lines("chalicelib"), lines("tests")
    ratio = tests / (infra + chalicelib)
    with capsys.disabled():
        sizes = f"chalicelib {chalicelib:,}, infra {infra:,}, tests {tests:,}"
        print(f"\nLines: {sizes}; {ratio:.1f} lines of test for each line of code.")  # noqa: T201 - the purpose
    assert infra <= chalicelib
