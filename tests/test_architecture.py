"""The import rules, as tables: which package may import which other package or distribution."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import pytest

from tests.source_modules import LAMBDA_CODE, Module, modules, name_of

MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "settings": set(),
    "crashes": set(),
    "lambda_environment": set(),
    "observability": {"domain", "crashes", "lambda_environment"},
    "oauth": {"domain"},
    "accounts": {"domain"},
    "adapters": {"domain"},
    "aws_adapters": {
        "domain",
        "settings",
        "lambda_environment",
        "observability",
        "adapters",
        "aws_account_adapters",
        "aws_clients",
        "aws_mail_adapters",
    },
    "aws_clients": {"domain", "settings", "lambda_environment", "adapters"},
    "aws_account_adapters": {"domain", "settings", "adapters"},
    "aws_mail_adapters": {"domain", "settings", "adapters"},
    "verification_services": {"domain", "settings", "aws_adapters", "accounts"},
    "account_services": {"domain", "settings", "aws_adapters", "accounts", "verification_services"},
    "api_key_services": {"domain", "settings", "aws_adapters", "account_services", "oauth", "accounts"},
    "services": {"domain", "settings", "aws_adapters", "api_key_services", "oauth", "accounts"},
    "init_phase": {"domain", "settings", "lambda_environment", "observability", "services"},
    "api": {
        "domain",
        "settings",
        "crashes",
        "observability",
        "services",
        "init_phase",
        "oauth",
        "accounts",
    },
    # `chalice local` alone: the import is guarded, and the package does not contain it.
    "app": {"api", "settings", "infra"},
}
"""The packages of the Lambda functions. None of them imports the app, infra, the tests, or a module of
`chalicelib.functions`, which is held to none of these rules."""

INFRA_MAY_IMPORT: dict[str, set[str]] = {
    "parameters": set(),
    "cloudformation": set(),
    "process": set(),
    "audit": set(),
    "common_passwords": {"operate"},
    "cost": set(),
    "mail": {"operate"},
    "new_function": set(),
    "readme": set(),
    "local.environment": set(),
    "local.gateway": {"local.environment"},
    "local.inbox": set(),
    "local.own": {"local.environment", "cloudformation", "parameters"},
    "local.stack": {
        "local.environment",
        "local.gateway",
        "local.inbox",
        "local.own",
        "cloudformation",
        "parameters",
    },
    "local.chalice_local": {
        "local.environment",
        "local.gateway",
        "local.inbox",
        "local.own",
        "local.stack",
    },
    "local.invoke": {"local.environment", "local.gateway", "local.own"},
    "local.testing": {"local.environment", "local.gateway", "local.own"},
    "local.__main__": {"local.environment", "local.own", "local.stack"},
    "local.separate_api": {"local.environment", "local.gateway", "local.stack"},
    "operate": {"local.environment", "parameters"},
    "template": {"process"},
    "verify": {"operate"},
    "deploy": {"local.environment", "operate", "parameters", "process", "template", "verify"},
    "__main__": {"common_passwords", "cost", "mail", "new_function", "operate", "deploy", "local.invoke"},
}
"""The packages of an operator's machine, which may also import the Lambda functions' packages.

Of the local stack the commands see `local.environment` alone, and it sees none of the commands; `invoke` is
a part of it.
"""

VENDORS: dict[str, set[str]] = {
    "domain": {"idna"},
    "observability": {"aws_lambda_powertools"},
    "adapters": {
        "bcrypt",
        "boto3",
        "botocore",
        "cryptography",
        "jwt",
        "mypy_boto3_dynamodb",
        "mypy_boto3_secretsmanager",
        "mypy_boto3_sesv2",
        "mypy_boto3_sqs",
        "urllib3",
    },
    "aws_clients": {"mypy_boto3_dynamodb", "mypy_boto3_secretsmanager"},
    "api": {"chalice"},
}
"""Which package may import which distribution; the others use the standard library only.

`idna` does no I/O, and which spellings are one name is a rule: a port would have to be handed to every
comparison of names."""

ADAPTERS_OF: dict[str, str] = {
    "bcrypt": "bcrypt_hasher",
    "jwt": "jws.hs256",
    "boto3": "aws",
}
"""The one adapter that imports a distribution. Any adapter may import botocore, for its exceptions."""

IMPURE = {
    "asyncio", "datetime", "http", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket",
    "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid", "zoneinfo",
}  # fmt: skip
"""Modules with I/O, a clock or randomness."""


def package_of(name: str) -> str:
    """Return the package that the rules of the Lambda functions know a module by."""
    first, *rest = name.split(".")
    return rest[0] if first == "chalicelib" and rest else first


def infra_package_of(name: str) -> str:
    """Return the package that the rules of infra know a module by."""
    _, first, *rest = name.split(".")
    return f"local.{rest[0]}" if first == "local" else first


def is_empty(module: Module) -> bool:
    return not module.tree.body


def test_one_module_maps_domains() -> None:
    users = [one.name for one in LAMBDA_CODE if "idna" in one.third_party]
    assert users == ["chalicelib.domain.accounts.mail_domains"]


@pytest.mark.parametrize(
    "module", [module for module in LAMBDA_CODE if module.name != "chalicelib.__init__"], ids=name_of
)
def test_a_package_imports_only_the_packages_that_it_may(module: Module) -> None:
    package = package_of(module.name)
    assert {package_of(name) for name in module.own_imports} <= MAY_IMPORT[package] | {package}


@pytest.mark.parametrize("module", [one for one in modules("infra") if not is_empty(one)], ids=name_of)
def test_a_package_of_infra_imports_only_the_packages_that_it_may(module: Module) -> None:
    package = infra_package_of(module.name)
    found = {infra_package_of(name) for name in module.own_imports if name.startswith("infra.")}
    assert found <= INFRA_MAY_IMPORT[package] | {package}
    assert not {name for name in module.own_imports if name.startswith(("tests", "examples"))}


@pytest.mark.parametrize("rules", [MAY_IMPORT, INFRA_MAY_IMPORT], ids=["lambda", "infra"])
def test_the_rules_have_no_cycle(rules: Mapping[str, set[str]]) -> None:
    def reachable(package: str) -> set[str]:
        # Of the app's rules, `infra` is not a package that has any.
        allowed = rules.get(package, set())
        return allowed.union(*(reachable(other) for other in allowed))

    assert all(package not in reachable(package) for package in rules)


@pytest.mark.parametrize("module", LAMBDA_CODE, ids=name_of)
def test_a_distribution_is_imported_only_by_the_packages_that_may(module: Module) -> None:
    assert module.third_party <= VENDORS.get(package_of(module.name), set())


@pytest.mark.parametrize(("vendor", "adapter"), ADAPTERS_OF.items())
def test_one_adapter_imports_a_distribution(vendor: str, adapter: str) -> None:
    found = [module.name for module in LAMBDA_CODE if vendor in module.third_party]
    assert found == [f"chalicelib.adapters.{adapter}"]


@pytest.mark.parametrize(
    "module", modules("chalicelib/domain", "chalicelib/oauth", "chalicelib/accounts"), ids=name_of
)
def test_domain_oauth_and_accounts_have_no_io_no_clock_and_no_randomness(module: Module) -> None:
    assert not module.imports & IMPURE
    called = {
        node.func.id
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input", "eval", "exec", "globals", "__import__"}


@pytest.mark.parametrize("module", LAMBDA_CODE, ids=name_of)
def test_only_the_settings_read_the_environment(module: Module) -> None:
    reads = attributes(module) & {"environ", "getenv", "environb"} or "os" in module.imports
    assert not reads or package_of(module.name) in {"settings", "lambda_environment"}


@pytest.mark.parametrize("module", LAMBDA_CODE, ids=name_of)
def test_only_the_aws_adapters_read_a_clock_or_randomness(module: Module) -> None:
    """A metric carries the time at which it was written, as a log entry does."""
    imported = module.imports & {"time", "random", "secrets", "uuid"}
    clocks = attributes(module) & {"now", "utcnow", "today"}
    allowed = {"aws_adapters": {"time", "secrets"}, "observability": {"time"}}
    assert imported <= allowed.get(package_of(module.name), set())
    assert not clocks


def attributes(module: Module) -> set[str]:
    """Return the name of every attribute that the module accesses."""
    return {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}


def test_every_folder_of_chalicelib_is_a_package() -> None:
    """Chalice does not deploy a folder without an `__init__.py`."""
    folders = {module.path.parent for module in modules("chalicelib")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
