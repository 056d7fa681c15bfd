"""The Python modules of this repository, as the architecture tests read them."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = {"chalicelib", "app", "infra", "tests", "examples"}
"""The top-level packages of this repository."""
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
OWN_FOLDERS = (ROOT / "chalicelib" / "functions", ROOT / "tests" / "functions")


@dataclass(frozen=True)
class Module:
    """A Python file."""

    path: Path

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts)

    @property
    def tree(self) -> ast.Module:
        return _parse(self.path)

    @property
    def lines(self) -> int:
        return len(self.path.read_text("utf-8").splitlines())

    @property
    def code_lines(self) -> int:
        """Return the number of lines that are neither blank, nor comment, nor docstring."""
        text = self.path.read_text("utf-8")
        found: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in NO_CODE:
                found.update(range(token.start[0], token.end[0] + 1))
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return len(found)

    @property
    def imports(self) -> set[str]:
        """Return the full name of every module that is imported, anywhere in the file."""
        return set(self._imports())

    @property
    def own_imports(self) -> set[str]:
        """Return the imported modules of this repository."""
        return {name for name in self.imports if name.split(".")[0] in OURS}

    @property
    def third_party(self) -> set[str]:
        """Return the imported distributions' top-level packages."""
        return {name.split(".")[0] for name in self.imports} - OURS - sys.stdlib_module_names

    @property
    def functions(self) -> list[tuple[str, int]]:
        """Return the functions with their number of lines, without decorators."""
        return [
            (f"{self.name}.{node.name}", (node.end_lineno or 0) - node.lineno + 1)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]

    def _imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: relative imports are not read by these tests"
                origin = str(node.module)
                names = (alias.name for alias in node.names)
                yield from (f"{origin}.{name}" for name in names) if _is_package(origin) else (origin,)


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _is_package(name: str) -> bool:
    return (ROOT / Path(*name.split("."))).is_dir()


def is_own(path: Path) -> bool:
    """Tell whether a file belongs to a developer's own functions, which are held to none of our rules."""
    return any(folder in path.parents for folder in OWN_FOLDERS)


def modules(*folders: str) -> list[Module]:
    """Return the modules below these folders, without those of own functions."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [
        Module(path) for path in found if not {"deployments", ".venv"} & set(path.parts) and not is_own(path)
    ]


LAMBDA_CODE = [*modules("chalicelib"), Module(ROOT / "app.py")]
EVERYTHING = [*LAMBDA_CODE, *modules("infra", "tests", "examples")]


def name_of(module: Module) -> str:
    """Return the id of a parametrized test."""
    return module.name
