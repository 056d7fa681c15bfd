"""Build the one zip that all functions share; docs/decisions/0009-deploy.md says why not with Chalice."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import click

from infra.deploy.packaging import archive, runtime
from infra.deploy.packaging.evidence import needs_of
from infra.deploy.packaging.loading import can_load, check_loading, root_modules
from infra.deploy.refusal import Refused
from infra.parameters import PINS, Pins
from infra.process import run_captured
from infra.template.build import copy_source

CACHE = Path(".local/deploy")
_MEGABYTE = 1_000_000
# Copies, not links: what is written later must not change uv's cache.
_INSTALL = "-m uv pip install -q --link-mode copy --no-deps --only-binary :all: --require-hashes"
# Hashes instead of times, which Lambda does not keep, and unchecked, since a check costs what is to be saved.
_COMPILE = "-S -P -B -X utf8 -m compileall -qf --invalidation-mode unchecked-hash -s . -p /var/task ."
# Scripts, type stubs, the installer's notes and the data of all AWS services. Licences, versions and entry
# points are owed or read at run time, and stay.
_NEEDLESS = (
    ".lock",
    "bin/*",
    "boto3/examples/*",
    "boto3/data/*/*",
    "botocore/data/*/*",
    "chalice/*",
    "*.pyi",
    "*.pyc",
    "*.pth",
    "*.typed",
    *(f"*.dist-info/{one}" for one in ("RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json")),
)
# Chalice's runtime is one module that needs the standard library only; it says so in its own source.
_NEEDED = ("chalice/__init__.py", "chalice/app.py")


@dataclass(frozen=True)
class Package:
    """A zip for Lambda. `digest` is that of its contents.

    `compiled_by` is the Python that made the byte code, None where there is none. `is_loaded` tells whether
    everything that the source needs was loaded from the package.
    """

    path: Path
    digest: str
    architecture: str
    compiled_by: str | None
    is_loaded: bool

    def print_report(self) -> None:
        """Print what was built, and what about it was not done."""
        size = f"{self.path.stat().st_size / _MEGABYTE:.1f} MB"
        click.echo(f"Package   {size}, Python {runtime.VERSION} on {self.architecture}")
        if self.compiled_by is None:
            click.echo(
                f"Byte code left out: without a Python {runtime.VERSION} here, every cold start compiles"
            )
            click.echo(f"imports, and the package is not test-loaded. To get one: {runtime.INSTALL_COMMAND}")
        else:
            skipped = f"not test-loaded, which takes {self.architecture} Linux with a recent glibc"
            loaded = "test-loaded" if self.is_loaded else skipped
            click.echo(f"Byte code by {self.compiled_by}; the package was {loaded}")


def build(project: Path, architecture: str, folder: Path | None = None, pins: Pins = PINS) -> Package:
    """Package the source of `project` with its dependencies; `folder` is for the zip, by default a cache.

    `pins` are the requirement files, without their suffix.

    Byte code is left out where this machine has no Python of the functions' version. Raises Refused where the
    dependencies cannot be installed, the source is not Python, or something that it needs does not load.
    """
    interpreter = runtime.find_interpreter()
    is_loaded = interpreter is not None and can_load(architecture)
    target = (folder or project / CACHE) / f"package-{architecture}-{pins[-1]}.zip"
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as name:
        source, site = Path(name, "source"), Path(name, "site")
        source.mkdir()
        copy_source(project, source)
        needs = needs_of(source, project)
        for one in pins:
            install(project / f"{one}.txt", architecture, site)
        named = [project / f"{one.removesuffix('-lambda')}.in" for one in pins]
        roots = dict(kv for file in named for kv in root_modules(file, site).items())
        prune(site, needs.services)
        shutil.copytree(source, site, dirs_exist_ok=True)
        if interpreter:
            compile_folder(site, interpreter)
        if interpreter and is_loaded:
            check_loading(site, needs, roots, interpreter)
        files = archive.files_below(site)
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = archive.write_zip(target, files)
    return Package(target, digest, architecture, interpreter, is_loaded)


def install(requirements: Path, architecture: str, folder: Path) -> None:
    """Install what `requirements` pins for Lambda into `folder`; run none of it. Raises Refused."""
    platform = "{}-manylinux_{}_{}".format(runtime.ARCHITECTURES[architecture], *runtime.GLIBC)
    where = ["--python-version", runtime.VERSION, "--python-platform", platform, "--target", str(folder)]
    for network in (["--offline"], []):  # first from uv's cache alone
        command = [sys.executable, *_INSTALL.split(), *where, "-r", str(requirements), *network]
        done = run_captured(command)
        if done.returncode == 0:
            return
    raise Refused(f"The dependencies could not be installed: {done.stderr.strip()}")


def prune(site: Path, services: Collection[str]) -> None:
    """Delete what is known to be needless in Lambda: a quarter is left, half of that byte code."""
    data = tuple(f"{package}/data/{one}/" for package in ("boto3", "botocore") for one in services)
    for name, path in archive.files_below(site).items():
        is_needless = any(fnmatchcase(name, pattern) for pattern in _NEEDLESS)
        if is_needless and name not in _NEEDED and not name.startswith(data):
            path.unlink()


def compile_folder(folder: Path, interpreter: str) -> None:
    """Compile every module below `folder`. Raises Refused for one that is not Python.

    The bytes depend on which strings the interpreter has seen before, so the hash seed, the names and their
    order are always the same.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = run_captured([interpreter, *_COMPILE.split()], cwd=folder, env={**kept, "PYTHONHASHSEED": "0"})
    if done.returncode:
        reason = (done.stdout + done.stderr).strip() or "the compiler ended without output"
        raise Refused(f"The source could not be compiled: {reason}")
