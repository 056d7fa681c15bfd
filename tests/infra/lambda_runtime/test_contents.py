"""What is in the package, and what is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.deploy.packaging.runtime import RUNTIME, VERSION
from tests.infra.lambda_runtime.function import Unpacked
from tests.infra.lambda_runtime.interpreter import PROJECT

OURS = ("app.py", "chalicelib")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


def pinned(name: str) -> set[str]:
    return {found.lower().replace("-", "_") for found in PIN.findall((PROJECT / name).read_text())}


@pytest.fixture(scope="module")
def names(package: Unpacked) -> set[str]:
    return set(package.files())


def test_these_tests_run_on_the_deployed_python(package: Unpacked) -> None:
    if not package.runner.is_deployed_version:
        pytest.skip(f"no usable Python {VERSION}: the package was tested on {package.runner.python}")
    done = package.run("print(*sys.version_info[:2])")
    assert tuple(map(int, done.stdout.split())) == RUNTIME


def test_all_of_the_source_is_there_with_its_byte_code(package: Unpacked, names: set[str]) -> None:
    tag = "cpython-{}{}".format(*RUNTIME)
    sources = {"app.py", *(str(path.relative_to(PROJECT)) for path in (PROJECT / "chalicelib").rglob("*.py"))}
    assert {name for name in names if name.startswith(OURS) and name.endswith(".py")} == sources
    for source in sources:
        folder, _, file = f"/{source}".rpartition("/")
        compiled = f"{folder}/__pycache__/{file.removesuffix('.py')}.{tag}.pyc".lstrip("/")
        assert (compiled in names) == (package.built.compiled_by is not None)
        assert (package.task / source).read_bytes() == (PROJECT / source).read_bytes()


def test_every_module_of_ours_can_be_imported_from_it_alone(package: Unpacked) -> None:
    done = package.run(
        "import importlib, pkgutil, app, chalicelib; "
        "[importlib.import_module(one.name) "
        "for one in pkgutil.walk_packages(chalicelib.__path__, 'chalicelib.') "
        "if one.name.rpartition('.')[2] not in ('rs256', 'es256')"
        " and not one.name.startswith('chalicelib.functions.')]; "
        "print(*(module.__file__ for module in sys.modules.values() if getattr(module, '__file__', None)))"
    )
    assert done.returncode == 0, done.stderr
    assert "site-packages" not in done.stdout
    assert f"{package.task}/boto3/__init__.py" in done.stdout


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_an_asymmetric_key_is_an_outage_that_says_why(package: Unpacked, algorithm: str) -> None:
    """The package is that of a stage with HMAC keys. Such a key must not look like a bad token."""
    done = package.run(
        "from chalicelib.adapters.jws.algorithms import signatures\n"
        "from chalicelib.domain.errors import Unavailable\n"
        f"try: signatures({algorithm!r})\n"
        "except Unavailable as error: print(error.reason)"
    )
    assert done.stdout == f"this package has no cryptography for {algorithm} keys\n", done.stderr


def test_cryptography_is_not_inside_and_pyjwt_does_not_miss_it(package: Unpacked, names: set[str]) -> None:
    assert not [name for name in names if name.startswith(("cryptography", "cffi", "_cffi", "pycparser"))]
    done = package.run(
        "from chalicelib.adapters.jws.algorithms import signatures; signatures('HS256'); "
        "print('jwt' in sys.modules, 'cryptography' in sys.modules)"
    )
    assert done.stdout == "True False\n", done.stderr


def test_nothing_of_the_development_set_is_inside(names: set[str]) -> None:
    inside = {name.split("/")[0].lower() for name in names}
    distributions = {name.partition("-")[0] for name in inside if name.endswith(".dist-info")}
    assert "chalice" in distributions
    assert distributions <= pinned("requirements-lambda.txt")
    only_for_development = pinned("requirements-dev.txt") - pinned("requirements-lambda.txt")
    assert "moto" in only_for_development
    assert not inside & only_for_development


def test_nothing_else_of_the_project_is_inside(names: set[str]) -> None:
    top = {name.split("/")[0] for name in names}
    others = {path.name for path in PROJECT.iterdir()} - {*OURS, "__pycache__"}
    assert not top & others
    assert not [name for name in names if Path(name).name.startswith(".") or "/tests/" in name]


def test_it_is_small_enough_for_lambda(package: Unpacked) -> None:
    """250 MB unpacked is Lambda's limit; what is loaded cold should be far from it."""
    assert sum(map(len, package.files().values())) < 40_000_000


def test_lambda_gets_the_versions_of_requirements_txt() -> None:
    """pip can install `requirements.txt` as it is; Lambda's file leaves out Chalice's command line."""
    every, packaged = (
        set(re.findall(r"^\S+==\S+", (PROJECT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements.txt", "requirements-lambda.txt")
    )
    assert packaged < every
    assert {one.partition("==")[0] for one in every - packaged} >= {"click", "pip", "pyyaml"}
