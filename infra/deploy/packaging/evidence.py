"""Find the modules that the source imports, and the AWS services that it calls."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from botocore.session import get_session

from infra.deploy.refusal import Refused
from infra.template.build import SOURCES

SETTING = "aws-services"
"""Key of `[tool.gatehouse]` in pyproject.toml that lists services which the source names in no literal."""

_FACTORIES = {"client", "resource", "create_client"}


@dataclass(frozen=True)
class Needs:
    """Names of modules and services that have to load in Lambda, each with the first place that needs it."""

    modules: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)


def needs_of(source: Path, project: Path) -> Needs:
    """Read the Python below `source`, the packaged part of `project`, and the list in its pyproject.toml.

    Imports count in the project's own files, calls in those of `vendor/` too. What is under `TYPE_CHECKING`
    or has a handler for ImportError is optional, and left out. A call names a service if its function is
    called `client`, `resource` or `create_client`, and botocore knows the name.

    Raises Refused for a file that is not Python, and if nothing is listed, for `boto3.client(variable)` and a
    name that botocore does not know.
    """
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    listed = pyproject.get("tool", {}).get("gatehouse", {}).get(SETTING, [])
    needs = Needs(services=dict.fromkeys(listed, f"{SETTING} in pyproject.toml"))
    known = set(get_session().get_available_services())
    for file in sorted(source.rglob("*.py")):
        name = file.relative_to(source).as_posix()
        for node in _required(_parsed(file, name)):
            place = f"{name}:{getattr(node, 'lineno', 0)}"
            if name.startswith(SOURCES):
                for module in _imported(node):
                    needs.modules.setdefault(module, place)
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _FACTORIES:
                service = _first_argument(node)
                if service in known:
                    needs.services.setdefault(str(service), place)
                elif not listed and ast.unparse(node.func).startswith("boto3."):
                    raise Refused(
                        f"{place} asks boto3 for a service whose name is no literal, or unknown to botocore: "
                        f'list it in pyproject.toml, as in [tool.gatehouse] {SETTING} = ["s3"].'
                    )
    return needs


def _parsed(file: Path, name: str) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), name)
    except (SyntaxError, ValueError) as error:
        raise Refused(f"The source could not be compiled: {name}: {error}") from error


def _required(node: ast.AST) -> Iterator[ast.AST]:
    """Return all nodes below, but for those that are optional."""
    for child in ast.iter_child_nodes(node):
        if not _is_optional(child):
            yield child
            yield from _required(child)


def _is_optional(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    caught = [ast.unparse(one.type) if one.type else "Exception" for one in getattr(node, "handlers", [])]
    return any(re.search("ImportError|ModuleNotFoundError|Exception", one) for one in caught)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def _first_argument(call: ast.Call) -> str | None:
    named = [one.value for one in call.keywords if one.arg == "service_name"]
    return next((str(one.value) for one in [*call.args[:1], *named] if isinstance(one, ast.Constant)), None)
