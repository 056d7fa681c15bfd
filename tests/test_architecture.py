"""The plan of the services, as tables: who may know whom, and how large a thing may grow."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "settings": set(),
    "observability": {"domain"},
    "oauth": {"domain"},
    "accounts": {"domain"},
    "adapters": {"domain"},
    "aws_adapters": {"domain", "settings", "observability", "adapters"},
    "services": {"domain", "settings", "aws_adapters", "oauth", "accounts"},
    "api": {"domain", "settings", "observability", "services", "oauth", "accounts"},
    "app": {"api"},
}
"""Which package may import which other; none of them the app, nor infra, nor the tests."""

VENDORS: dict[str, set[str]] = {
    "observability": {"aws_lambda_powertools"},
    "adapters": {
        "bcrypt",
        "boto3",
        "botocore",
        "jwt",
        "mypy_boto3_dynamodb",
        "mypy_boto3_secretsmanager",
        "urllib3",
    },
    "aws_adapters": {"mypy_boto3_secretsmanager"},
    "api": {"chalice"},
    "app": {"chalice"},
}
"""Which package may name which package; a package that is not here makes do with the standard library."""

IMPURE = {
    "asyncio", "datetime", "http", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket",
    "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid", "zoneinfo",
}  # fmt: skip
"""What asks the machine for something; a rule is told instead."""

ADAPTERS_OF: dict[str, str] = {
    "bcrypt": "bcrypt_hasher",
    "jwt": "pyjwt_codec",
    "boto3": "aws",
}
"""The one adapter that names a vendor; botocore's exceptions are everywhere that AWS is asked."""

LARGEST_FILE, LARGEST_FUNCTION, LARGEST_APP = 250, 50, 30


@dataclass(frozen=True)
class Module:
    """A Python file and where it stands."""

    path: Path

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts)

    @property
    def package(self) -> str:
        return package_of(self.name)

    @property
    def tree(self) -> ast.Module:
        return parsed(self.path)

    @property
    def lines(self) -> int:
        return len(self.path.read_text("utf-8").splitlines())

    def imports(self) -> Iterator[str]:
        """Return every module that is imported, anywhere in the file, under its whole name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: an import from a dot hides the arrow"
                whole = str(node.module)
                yield from (f"{whole}.{alias.name}" if is_package(whole) else whole for alias in node.names)

    def functions(self) -> Iterator[tuple[str, int]]:
        """Return the functions with their lines, decorators not counted."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{self.name}.{node.name}", (node.end_lineno or 0) - node.lineno + 1


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def is_package(name: str) -> bool:
    return (ROOT / Path(*name.split("."))).is_dir()


def package_of(name: str) -> str:
    """Return the package of a module of ours, or the package of another's."""
    first, *rest = name.split(".")
    return rest[0] if first == "chalicelib" and rest else first


def modules(*places: str) -> list[Module]:
    found = [path for place in places for path in sorted((ROOT / place).rglob("*.py"))]
    return [Module(path) for path in found if not {"deployments", ".venv"} & set(path.parts)]


LAMBDA_CODE = [*modules("chalicelib"), Module(ROOT / "app.py")]
EVERYTHING = [*LAMBDA_CODE, *modules("infra", "tests", "examples")]
OURS = {"chalicelib", "app", "infra", "tests", "examples"}


def ids(module: Module) -> str:
    return module.name


def foreign(module: Module) -> set[str]:
    return {name.split(".")[0] for name in module.imports()} - OURS - sys.stdlib_module_names


@pytest.mark.parametrize("module", [one for one in LAMBDA_CODE if one.name != "chalicelib.__init__"], ids=ids)
def test_a_room_knows_only_the_rooms_that_the_plan_lets_it_know(module: Module) -> None:
    assert module.package in MAY_IMPORT
    known = {package_of(name) for name in module.imports() if name.split(".")[0] in OURS}
    assert known <= MAY_IMPORT[module.package] | {module.package}


def test_the_plan_has_no_way_back() -> None:
    def reached(package: str) -> set[str]:
        return MAY_IMPORT[package].union(*(reached(next_one) for next_one in MAY_IMPORT[package]))

    assert all(package not in reached(package) for package in MAY_IMPORT)


@pytest.mark.parametrize("module", LAMBDA_CODE, ids=ids)
def test_a_package_from_outside_is_named_in_its_own_room_alone(module: Module) -> None:
    assert foreign(module) <= VENDORS.get(module.package, set())


@pytest.mark.parametrize(("vendor", "adapter"), ADAPTERS_OF.items())
def test_one_adapter_names_a_vendor(vendor: str, adapter: str) -> None:
    assert [one.name for one in LAMBDA_CODE if vendor in foreign(one)] == [f"chalicelib.adapters.{adapter}"]


@pytest.mark.parametrize(
    "module", modules("chalicelib/domain", "chalicelib/oauth", "chalicelib/accounts"), ids=ids
)
def test_the_rules_and_the_protocol_ask_the_machine_for_nothing(module: Module) -> None:
    assert not set(module.imports()) & IMPURE
    called = {
        node.func.id
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input", "eval", "exec", "globals", "__import__"}


@pytest.mark.parametrize("module", LAMBDA_CODE, ids=ids)
def test_the_environment_is_read_by_the_settings_alone(module: Module) -> None:
    attributes = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    reads = attributes & {"environ", "getenv", "environb"} or "os" in set(module.imports())
    assert not reads or module.package == "settings"


@pytest.mark.parametrize("module", LAMBDA_CODE, ids=ids)
def test_time_and_randomness_come_from_the_adapters_alone(module: Module) -> None:
    asks = set(module.imports()) & {"time", "random", "secrets", "uuid"}
    clocks = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)} & {
        "now",
        "utcnow",
        "today",
    }
    assert not (asks or clocks) or module.package == "aws_adapters"


@pytest.mark.parametrize("module", EVERYTHING, ids=ids)
def test_a_file_and_its_functions_can_be_read_at_a_glance(module: Module) -> None:
    assert module.lines <= LARGEST_FILE
    assert [one for one in module.functions() if one[1] > LARGEST_FUNCTION] == []


def test_most_files_and_functions_are_small() -> None:
    code = [*LAMBDA_CODE, *modules("infra")]
    files = [one.lines for one in code if one.lines]
    functions = [lines for one in code for _, lines in one.functions()]
    assert median(files) <= 80
    assert median(functions) <= 10
    assert quantiles(functions, n=10)[8] <= 30


def test_the_app_registers_doors_and_has_no_logic() -> None:
    app = Module(ROOT / "app.py")
    assert app.lines <= LARGEST_APP
    assert list(app.functions()) == []


def test_every_module_of_the_house_is_in_a_package() -> None:
    """Chalice needs the file in every folder, or the folder is not deployed."""
    folders = {one.path.parent for one in modules("chalicelib")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
