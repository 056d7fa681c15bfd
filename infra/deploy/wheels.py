"""Downloads the pinned dependencies as Lambda's platform wants them, each held to its hash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from infra.deploy.refusal import Refused
from infra.deploy.target import RUNTIME

ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Lambda's name of an architecture, and that of wheels."""

# Lambda's Python 3.11 runs on Amazon Linux 2, whose glibc is 2.26: a wheel for a newer one does not load.
_GLIBC_MINORS = range(26, 16, -1)
_PIP = (
    "-m pip install --quiet --no-input --disable-pip-version-check --no-deps --no-compile "
    "--only-binary=:all: --require-hashes --implementation cp --no-user --root=/"
)


def platforms(architecture: str) -> list[str]:
    """Return the wheel platforms that load on Lambda, the newest first."""
    machine = ARCHITECTURES[architecture]
    return [*(f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS), f"manylinux2014_{machine}"]


def install(requirements: Path, architecture: str, folder: Path) -> None:
    """Install what `requirements` pins into `folder`. Nothing of it is run. Raises Refused."""
    version = ".".join(str(part) for part in RUNTIME)
    command = [sys.executable, *_PIP.split(), "--python-version", version, "--target", str(folder)]
    for platform in platforms(architecture):
        command += ["--platform", platform]
    command += ["--requirement", str(requirements)]
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=False, env=_environment()
    )
    if done.returncode:
        raise Refused(f"The dependencies could not be installed: {_cause(done.stderr)}")


def _environment() -> dict[str, str]:
    """Return this process's environment, in which pip's settings name no other place than `--target`."""
    kept = {name: value for name, value in os.environ.items() if name != "PIP_PREFIX"}
    return {**kept, "PIP_REQUIRE_VIRTUALENV": "0"}


def _cause(output: str) -> str:
    errors = [
        line.removeprefix("ERROR:").strip() for line in output.splitlines() if line.startswith("ERROR:")
    ]
    return errors[0] if errors else "pip ended without a word; is the package index reachable?"
