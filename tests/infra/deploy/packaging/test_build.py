"""The finished zip: what it says about itself, that it is the same each time, and that it loads."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.deploy import output
from infra.deploy.options import PROJECT
from infra.deploy.packaging import bytecode, loading
from infra.deploy.packaging.build import Package
from infra.deploy.packaging.evidence import Mention, Needs
from infra.deploy.packaging.runtime import INSTALL_COMMAND, VERSION, Interpreter
from infra.deploy.refusal import Refused
from infra.template.build import copy_source

RUNNING = Interpreter(getattr(sys, "_base_executable", sys.executable), "{}.{}.{}".format(*sys.version_info))


def zipped(folder: Path, **files: str) -> Path:
    path = folder / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return path


def check(archive: Path, *imports: str, listed: tuple[str, ...] = (), **packages: str) -> None:
    mentions = frozenset(Mention(one, f"chalicelib/{one}_user.py:3") for one in imports)
    loading.check_loading(archive, Needs(mentions, listed=frozenset(listed)), packages, RUNNING)


def refused(archive: Path, *imports: str, listed: tuple[str, ...] = (), **packages: str) -> list[str]:
    with pytest.raises(Refused) as told:
        check(archive, *imports, listed=listed, **packages)
    first, *lines = told.value.message.splitlines()
    assert first == "The package would not load in Lambda:"
    return [line.strip() for line in lines]


def test_what_is_there_loads(tmp_path: Path) -> None:
    check(zipped(tmp_path, good="print('noise')", root="import good"), "good", root="root")


def test_what_is_not_installed_is_named_with_what_mends_it(tmp_path: Path) -> None:
    """Nothing of this environment may lend it a module: pytest is installed here."""
    assert refused(zipped(tmp_path), "pytest") == [
        (
            "chalicelib/pytest_user.py:3 imports pytest: ModuleNotFoundError: No module named 'pytest'; "
            "add pytest to requirements.in, then run `make lock`."
        )
    ]


def test_a_package_without_something_that_it_imports_is_named_with_that(tmp_path: Path) -> None:
    assert refused(zipped(tmp_path, root="import hypothesis.strategies"), root="roots") == [
        (
            "roots is required: ModuleNotFoundError: No module named 'hypothesis'; "
            "add hypothesis to requirements.in, then run `make lock`."
        )
    ]


def test_any_other_failure_is_shown(tmp_path: Path) -> None:
    assert refused(zipped(tmp_path, root="1 / 0"), root="roots") == [
        "roots is required: ZeroDivisionError: division by zero; see the error."
    ]


def test_a_package_that_ends_the_interpreter_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="ends the interpreter that loads it: exit code 3"):
        check(zipped(tmp_path, root="import os; os._exit(3)"), root="roots")


def test_a_service_that_botocore_does_not_know_is_named(tmp_path: Path) -> None:
    fake = "class Session:\n def __init__(*_, **k): 0\n def client(s, n): raise ValueError('unknown ' + n)"
    assert refused(zipped(tmp_path, boto3=fake), listed=("s33",)) == [
        (
            "aws-services in pyproject.toml names the AWS service s33: ValueError: unknown s33; "
            "correct the name, or pin a newer boto3."
        )
    ]


def test_a_call_of_another_library_that_looks_like_one_of_boto3_is_no_failure(tmp_path: Path) -> None:
    possible = Needs(possible=frozenset({Mention("https://example.com", "chalicelib/x.py:1")}))
    loading.check_loading(zipped(tmp_path), possible, {}, RUNNING)


def test_the_modules_of_a_package_are_its_public_ones() -> None:
    assert loading.modules_of(distribution("bcrypt")) == {"bcrypt"}
    assert loading.modules_of(distribution("pyjwt")) == {"jwt"}
    assert "typing_extensions" in loading.modules_of(distribution("typing-extensions"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    target = tmp_path / "source"
    target.mkdir()
    copy_source(PROJECT, target)
    return target


def compiled(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*.pyc")):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def test_byte_code_is_the_same_each_time_and_wherever_it_is_made(source: Path, tmp_path: Path) -> None:
    bytecode.compile_folder(source, RUNNING)
    first = dict(compiled(source))
    elsewhere = tmp_path / "some" / "where"
    elsewhere.mkdir(parents=True)
    copy_source(PROJECT, elsewhere)
    bytecode.compile_folder(elsewhere, RUNNING)
    assert dict(compiled(elsewhere)) == first
    assert len(first) == len(list(source.rglob("*.py")))


def test_a_compiler_that_says_nothing_is_told(source: Path) -> None:
    with pytest.raises(Refused, match="could not be compiled: Python 3 ended without output"):
        bytecode.compile_folder(source, Interpreter("/bin/false", "3"))


def test_vendored_files_go_to_the_top(tmp_path: Path) -> None:
    project, target = tmp_path / "project", tmp_path / "target"
    for name in ("app.py", "chalicelib/__init__.py", "vendor/borrowed/__init__.py", "vendor/one.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    target.mkdir()
    copy_source(project, target)
    assert {path.relative_to(target).as_posix() for path in target.rglob("*.py")} == {
        "app.py",
        "chalicelib/__init__.py",
        "borrowed/__init__.py",
        "one.py",
    }


@pytest.mark.parametrize(
    ("compiled_by", "is_loaded", "line"),
    [
        ("3.13.2", True, "Byte code by Python 3.13.2; the package was test-loaded"),
        (
            "3.13.2",
            False,
            "Byte code by Python 3.13.2; the package was not test-loaded, which takes arm64 Linux",
        ),
        (None, False, f"Byte code left out: without a Python {VERSION} here"),
    ],
)
def test_the_deploy_says_in_one_line_what_was_left_out(
    capsys: pytest.CaptureFixture[str], compiled_by: str | None, line: str, *, is_loaded: bool
) -> None:
    built = Package(Path("x.zip"), "0", 1, 10, 10, compiled_by=compiled_by, is_loaded=is_loaded)
    output.package(built, "arm64")
    _, said = capsys.readouterr().out.splitlines()
    assert said.startswith(line)
    assert (INSTALL_COMMAND in said) == (compiled_by is None)


def test_deploying_takes_no_certain_python() -> None:
    """The refusal of the Python that runs it is gone: the target is looked at first of all."""
    from infra.deploy.command import deploy

    result = CliRunner().invoke(deploy, ["--stage", "local"])
    assert result.output.startswith("Error: `local` is the stack of this machine")
