"""What the source needs when it runs: the modules that it imports, and the AWS services that it calls."""

from __future__ import annotations

import ast
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
    called `client`, `resource` or `create_client`, and botocore knows the name or the function is boto3's.

    Raises Refused for a file that is not Python, and for `boto3.client(variable)` where nothing is listed.
    """
    listed = _listed(project / "pyproject.toml")
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
                is_of_boto3 = ast.unparse(node.func).startswith("boto3.")
                service = _first_argument(node)
                if service in known or (service and is_of_boto3):
                    needs.services.setdefault(str(service), place)
                elif is_of_boto3 and not listed:
                    raise Refused(
                        f"{place} asks boto3 for a service whose name is no literal: list it in "
                        f'pyproject.toml, as in [tool.gatehouse] {SETTING} = ["s3"].'
                    )
    return needs


def _listed(pyproject: Path) -> list[str]:
    text = pyproject.read_text("utf-8") if pyproject.is_file() else ""
    listed: list[str] = tomllib.loads(text).get("tool", {}).get("gatehouse", {}).get(SETTING, [])
    return listed


def _parsed(file: Path, name: str) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), name)
    except (SyntaxError, ValueError) as error:
        raise Refused(f"The source could not be compiled: {name}: {error}") from error


def _required(node: ast.AST) -> Iterator[ast.AST]:
    """Return all nodes below, but for those that are optional."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Try) and any(_catches_import_error(one.type) for one in child.handlers):
            continue
        yield child
        yield from _required(child)


def _catches_import_error(caught: ast.expr | None) -> bool:
    text = "Exception" if caught is None else ast.unparse(caught)
    return any(word in text for word in ("ImportError", "ModuleNotFoundError", "Exception"))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def _first_argument(call: ast.Call) -> str | None:
    named = [one.value for one in call.keywords if one.arg == "service_name"]
    texts = [one.value for one in [*call.args[:1], *named] if isinstance(one, ast.Constant)]
    return str(texts[0]) if texts else None
