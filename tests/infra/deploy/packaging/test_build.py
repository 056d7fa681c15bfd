"""The finished zip: its contents, that it is reproducible, and that it loads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra.deploy.options import PROJECT
from infra.deploy.packaging import archive, build, loading
from infra.deploy.packaging.build import Package
from infra.deploy.packaging.evidence import Needs
from infra.deploy.packaging.runtime import INSTALL_COMMAND, VERSION
from infra.deploy.refusal import Refused
from infra.template.build import copy_source
from tests.infra.test_makefile import wheel

RUNNING = getattr(sys, "_base_executable", sys.executable)


def refused(folder: Path, needs: Needs, **files: str) -> str:
    """Return the message about a package with these modules, of which `root` is required."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    roots = {"root": "roots of requirements.in"} if "root" in files else {}
    with pytest.raises(Refused) as told:
        loading.check_loading(folder, needs, roots, RUNNING)
    return told.value.message


def test_a_module_that_is_not_installed_is_named_with_the_remedy(tmp_path: Path) -> None:
    """The package must not use modules of this environment, which has pytest."""
    needs = Needs({"pytest": "chalicelib/notes.py:3", "good": "chalicelib/notes.py:4"})
    message = refused(tmp_path, needs, good="print('noise')")
    assert "import pytest  # chalicelib/notes.py:3\n" in message
    assert "ModuleNotFoundError: No module named 'pytest'\nAdd a module that is not found to req" in message


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import hypothesis", "No module named 'hypothesis'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os._exit(3)", "the interpreter ended with exit code 3"),
    ],
)
def test_a_required_package_that_does_not_load_is_named(tmp_path: Path, code: str, reason: str) -> None:
    message = refused(tmp_path, Needs(), root=code)
    assert message.startswith("The package would not load in Lambda: ")
    assert f"{reason}\n" in message
    assert "_exit" in code or "import root  # roots of requirements.in\n" in message


def test_a_service_without_a_client_is_named(tmp_path: Path) -> None:
    needs = Needs(services={"s3": "chalicelib/notes.py:1"})
    message = refused(tmp_path, needs, boto3="def client(name, region_name): raise ValueError(name)")
    assert "boto3.client('s3', region_name='us-east-1')  # chalicelib/notes.py:1\n" in message


def test_the_required_packages_are_known_by_their_public_modules(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text(
        "# what\n\npyjwt[crypto]>=2  # signs\nother\ntyping-extensions\n"
    )
    folder = Path(pytest.__file__).parents[1]
    assert loading.root_modules(tmp_path / "requirements.in", folder) == {
        "jwt": "PyJWT of requirements.in",
        "typing_extensions": "typing_extensions of requirements.in",
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
        digests.add(archive.write_zip(tmp_path / "package.zip", files))
    assert len(digests) == 1


def test_a_compiler_that_fails_without_output_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="could not be compiled: the compiler ended without output"):
        build.compile_folder(tmp_path, "/bin/false")


@pytest.mark.parametrize(
    ("compiled_by", "is_loaded", "line"),
    [
        ("/bin/python3.13", True, "Byte code by /bin/python3.13; the package was test-loaded"),
        ("/bin/python3.13", False, "Byte code by /bin/python3.13; the package was not test-loaded, which"),
        (None, False, f"Byte code left out: without a Python {VERSION} here"),
    ],
)
def test_the_deploy_prints_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], compiled_by: str | None, line: str, *, is_loaded: bool
) -> None:
    (tmp_path / "x.zip").write_bytes(b"x" * 1_234_567)
    Package(tmp_path / "x.zip", "0", "arm64", compiled_by, is_loaded).print_report()
    said = capsys.readouterr().out
    assert said.startswith(f"Package   1.2 MB, Python {VERSION} on arm64\n{line}")
    assert (INSTALL_COMMAND in said) == (compiled_by is None)
