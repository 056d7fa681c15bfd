"""Which Python runs the package in these tests, with Lambda's runtime interface client for it."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.packaging import build, loading, runtime
from infra.deploy.refusal import Refused

PROJECT = Path(__file__).resolve().parents[3]
ARCHITECTURE = "x86_64"
_SITE = Path(sysconfig.get_path("platlib"))
_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
_CLIENT_FILES = ("awslambdaric", "simplejson", "snapshot_restore_py.py", "runtime_client")


@dataclass(frozen=True)
class Runner:
    """A Python, and a folder with the client of Lambda's runtime interface for it."""

    python: str
    client: Path
    is_deployed_version: bool


def runner(folder: Path) -> Runner:
    """Return the deployed Python if it is here and usable, else the running one."""
    interpreter = runtime.find_interpreter()
    if interpreter is not None and loading.can_load(ARCHITECTURE):
        try:
            return Runner(interpreter, _client_for_lambda(), is_deployed_version=True)
        except Refused:
            pass
    # Not that of the virtual environment, which would bring its packages along.
    python = str(getattr(sys, "_base_executable", sys.executable))
    return Runner(python, _client_of_this_environment(folder), is_deployed_version=False)


def _client_of_this_environment(folder: Path) -> Path:
    target = folder / "client"
    for source in _SITE.iterdir():
        if any(source.name == name or source.name.startswith(f"{name}.") for name in _CLIENT_FILES):
            target.mkdir(exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target / source.name)
    return target


def _client_for_lambda() -> Path:
    """Install the pinned client for the deployed version, once for each state of the pins. Raises Refused."""
    entries = re.split(r"\n(?=\S)", (PROJECT / "requirements-dev.txt").read_text("utf-8"))
    pins = "\n".join(one for one in entries if one.startswith(tuple(f"{name}==" for name in _CLIENT)))
    key = hashlib.sha256(f"{runtime.VERSION} {pins}".encode()).hexdigest()[:16]
    target = PROJECT / ".local" / "lambda-client" / key
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            requirements, made = Path(name, "requirements.txt"), Path(name, "made")
            requirements.write_text(pins + "\n", "utf-8")
            build.install(requirements, ARCHITECTURE, made)
            try:
                made.rename(target)
            except OSError:
                # Another worker was faster.
                assert target.is_dir()
    return target
