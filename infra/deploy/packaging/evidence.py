"""What the source needs when it runs: the modules that it imports, and the AWS services that it calls."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.refusal import Refused

SETTING = "aws-services"
"""Key of `[tool.gatehouse]` in pyproject.toml that lists services which the source names in no literal."""

_FACTORIES = {"client", "resource", "create_client"}


@dataclass(frozen=True, order=True)
class Mention:
    """A module or a service that is named at a place such as `chalicelib/adapters/aws.py:32`."""

    name: str
    place: str


@dataclass(frozen=True)
class Needs:
    """What has to load in Lambda.

    `clients` are services in calls of boto3 itself. `possible` are names in calls that look alike, such as
    those of a session, but may be another library's. `listed` are the services that pyproject.toml lists.
    """

    modules: frozenset[Mention] = frozenset()
    clients: frozenset[Mention] = frozenset()
    possible: frozenset[Mention] = frozenset()
    listed: frozenset[str] = frozenset()

    @property
    def services(self) -> frozenset[str]:
        """Return all names that may be services, as boto3 takes them."""
        return frozenset(one.name for one in self.clients | self.possible) | self.listed

    @property
    def certain(self) -> frozenset[str]:
        """Return the names that can only be services."""
        return frozenset(one.name for one in self.clients) | self.listed


def needs_of(source: Path, project: Path) -> Needs:
    """Read the Python below `source`, the packaged part of `project`, and the list in its pyproject.toml.

    Imports count in the project's own files, calls in those of `vendor/` too. Imports under `TYPE_CHECKING`
    or with a handler for ImportError are optional, and left out. A call may name a service if its function is
    called `client`, `resource` or `create_client`.

    Raises Refused for a file that is not Python, for a list of the wrong form, and for
    `boto3.client(variable)` where nothing is listed.
    """
    own, packaged = (
        {path.name.removesuffix(".py") for path in folder.iterdir()} for folder in (project, source)
    )
    known = own | packaged | sys.stdlib_module_names
    listed = _listed(project / "pyproject.toml")
    modules: set[Mention] = set()
    clients: set[Mention] = set()
    possible: set[Mention] = set()
    for file in sorted(source.rglob("*.py")):
        place = file.relative_to(source).as_posix()
        tree = _parsed(file, place)
        if place.removesuffix(".py").partition("/")[0] in own:
            modules |= {one for one in _imports(tree, place) if one.name.partition(".")[0] not in known}
        for call in _factory_calls(tree):
            name = _first_argument(call)
            if name is not None:
                (clients if _is_of_boto3(call) else possible).add(Mention(name, f"{place}:{call.lineno}"))
            elif not listed and _is_of_boto3(call):
                raise Refused(
                    f"{place}:{call.lineno} asks boto3 for a service whose name is no literal: "
                    f"list it in pyproject.toml, as in {_example('s3')}"
                )
    return Needs(frozenset(modules), frozenset(clients), frozenset(possible), listed)


def _example(service: str) -> str:
    return f'[tool.gatehouse] {SETTING} = ["{service}"].'


def _listed(pyproject: Path) -> frozenset[str]:
    text = pyproject.read_text("utf-8") if pyproject.is_file() else ""
    value = tomllib.loads(text).get("tool", {}).get("gatehouse", {}).get(SETTING, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refused(f"pyproject.toml must list services as in {_example('s3')}")
    return frozenset(value)


def _parsed(file: Path, place: str) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), place)
    except (SyntaxError, ValueError) as error:
        raise Refused(f"The source could not be compiled: {place}: {error}") from error


def _imports(tree: ast.AST, place: str) -> Iterator[Mention]:
    """Return the modules that must be there for every import to succeed."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Mention(alias.name, f"{place}:{node.lineno}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                yield Mention(node.module, f"{place}:{node.lineno}")
        elif not _is_optional(node):
            yield from _imports(node, place)


def _is_optional(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    if isinstance(node, ast.Try):
        return any(_may_be_import_error(one.type) for one in node.handlers)
    return False


def _may_be_import_error(caught: ast.expr | None) -> bool:
    text = "" if caught is None else ast.unparse(caught)
    return caught is None or any(word in text for word in ("ImportError", "ModuleNotFoundError", "Exception"))


def _factory_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _FACTORIES:
            yield node


def _first_argument(call: ast.Call) -> str | None:
    named = [one.value for one in call.keywords if one.arg == "service_name"]
    for argument in [*call.args[:1], *named]:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            return argument.value
    return None


def _is_of_boto3(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"boto3.client", "boto3.resource"}
