"""The finished zip: what is in it, that it is the same each time, and that it loads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra.deploy import output
from infra.deploy.options import PROJECT
from infra.deploy.packaging import archive, build, loading
from infra.deploy.packaging.build import Package
from infra.deploy.packaging.evidence import Needs
from infra.deploy.packaging.runtime import INSTALL_COMMAND, VERSION
from infra.deploy.refusal import Refused
from infra.template.build import copy_source
from tests.infra.test_makefile import wheel

RUNNING = getattr(sys, "_base_executable", sys.executable)


def refused(folder: Path, needs: Needs | None = None, **files: str) -> list[str]:
    """Return the failures of a package with these modules, of which `root` is required."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    roots = {"root": "roots is required"} if "root" in files else {}
    with pytest.raises(Refused) as told:
        loading.check_loading(folder, needs or Needs(), roots, RUNNING)
    first, *lines = told.value.message.splitlines()
    assert first == "The package would not load in Lambda:"
    return [line.strip() for line in lines]


def test_a_module_that_is_not_installed_is_named_with_the_remedy(tmp_path: Path) -> None:
    """Nothing of this environment may lend the package a module: pytest is installed here."""
    needs = Needs({"pytest": "chalicelib/notes.py:3", "good": "chalicelib/notes.py:4"})
    assert refused(tmp_path, needs, good="print('noise')", root="import hypothesis.strategies") == [
        (
            "chalicelib/notes.py:3 imports pytest: ModuleNotFoundError: No module named 'pytest'; "
            "add pytest to requirements.in, then run `make lock`."
        ),
        (
            "roots is required: ModuleNotFoundError: No module named 'hypothesis'; "
            "add hypothesis to requirements.in, then run `make lock`."
        ),
    ]


def test_any_other_failure_is_shown(tmp_path: Path) -> None:
    assert refused(tmp_path, root="1 / 0") == [
        "roots is required: ZeroDivisionError: division by zero; see the error."
    ]


def test_a_package_that_ends_the_interpreter_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "root.py").write_text("import os; os._exit(3)")
    with pytest.raises(Refused, match="ends the interpreter that loads it: exit code 3"):
        loading.check_loading(tmp_path, Needs(), {"root": "roots is required"}, RUNNING)


def test_a_service_that_botocore_does_not_know_is_named(tmp_path: Path) -> None:
    fake = "class Session:\n def __init__(*_, **k): 0\n def client(s, n): raise ValueError('unknown ' + n)"
    needs = Needs(services={"s33": "aws-services in pyproject.toml"})
    assert refused(tmp_path, needs, boto3=fake) == [
        (
            "aws-services in pyproject.toml names the AWS service s33: ValueError: unknown s33; "
            "correct the name, or pin a newer boto3."
        )
    ]


def test_the_required_packages_are_known_by_their_public_modules(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text(
        "# what\n\npyjwt[crypto]>=2  # signs\nother\ntyping-extensions\n"
    )
    folder = Path(pytest.__file__).parents[1]
    assert loading.root_modules(tmp_path / "requirements.in", folder) == {
        "jwt": "PyJWT is required",
        "typing_extensions": "typing_extensions is required",
    }


def test_what_is_installed_is_shipped_unless_it_is_known_to_be_needless(tmp_path: Path) -> None:
    shipped = {
        "botocore/__init__.py",
        "botocore/data/endpoints.json",
        "botocore/data/s3/2006-03-01/service-2.json",
        "boto3/data/s3/2006-03-01/resources-1.json",
        "chalice/__init__.py",
        "chalice/app.py",
        "loose.py",
        "plugin-1.dist-info/METADATA",
        "plugin-1.dist-info/entry_points.txt",
    }
    left_out = {
        "bin/plugin",
        "botocore/data/ec2/2016-11-15/service-2.json",
        "boto3/examples/s3.rst",
        "boto3/data/ec2/2016-11-15/resources-1.json",
        "chalice/cli/__init__.py",
        "plugin/stubs.pyi",
        "plugin/__pycache__/old.cpython-311.pyc",
        "plugin-1.dist-info/RECORD",
    }
    for file in shipped | left_out:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    build.prune(tmp_path, ["s3"])
    assert set(archive.files_below(tmp_path)) == shipped


def test_dependencies_are_installed_for_lambda_and_checked_by_their_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pin = wheel(tmp_path)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"{pin}\nnothing==1 ; python_version < '{VERSION}' --hash=sha256:{'0' * 64}\n")
    build.install(requirements, "arm64", tmp_path / "package")
    assert (tmp_path / "package" / "tinypkg.py").exists()
    requirements.write_text(pin.replace("sha256:", "sha256:0").rstrip()[:-1])
    with pytest.raises(Refused, match=r"could not be installed: [^$]*[Hh]ash mismatch"):
        build.install(requirements, "arm64", tmp_path / "another")


def test_byte_code_is_the_same_each_time_and_wherever_it_is_made(tmp_path: Path) -> None:
    digests = set[str]()
    for name in ("one", "some/where/else"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        copy_source(PROJECT, folder)
        build.compile_folder(folder, RUNNING)
        files = archive.files_below(folder)
        suffixes = [Path(file).suffix for file in files]
        assert suffixes.count(".pyc") == suffixes.count(".py")
        digests.add(archive.digest(files))
    assert len(digests) == 1


def test_a_compiler_that_fails_without_output_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="could not be compiled: the compiler ended without output"):
        build.compile_folder(tmp_path, "/bin/false")


def test_vendored_files_go_to_the_top(tmp_path: Path) -> None:
    project, target = tmp_path / "project", tmp_path / "target"
    files = {"app.py", "chalicelib/__init__.py", "borrowed/__init__.py", "one.py"}
    for name in ("app.py", "chalicelib/__init__.py", "vendor/borrowed/__init__.py", "vendor/one.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    target.mkdir()
    copy_source(project, target)
    assert set(archive.files_below(target)) == files


@pytest.mark.parametrize(
    ("compiled_by", "is_loaded", "line"),
    [
        ("/usr/bin/python3.13", True, "Byte code by /usr/bin/python3.13; the package was test-loaded"),
        (
            "/usr/bin/python3.13",
            False,
            "Byte code by /usr/bin/python3.13; the package was not test-loaded, which takes arm64 Linux",
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
