"""Install the pinned dependencies for Lambda's platform, each checked against its hash."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from infra.deploy.packaging.runtime import ARCHITECTURES, GLIBC_MINOR, VERSION, marker_environment
from infra.deploy.refusal import Refused

# PEP 600: the first glibc that manylinux builds for, and the names that the older ones had before.
_OLDEST_GLIBC = {"x86_64": 5, "arm64": 17}
_OLDER_NAMES = {"x86_64": ("manylinux2014", "manylinux2010", "manylinux1"), "arm64": ("manylinux2014",)}
_PIP = (
    "-m pip install --quiet --no-input --disable-pip-version-check --no-deps --no-compile "
    "--only-binary=:all: --require-hashes --implementation cp --no-user --root=/"
)


def platforms(architecture: str) -> list[str]:
    """Return the wheel platforms that load on Lambda, the newest first."""
    machine = ARCHITECTURES[architecture]
    minors = range(GLIBC_MINOR, _OLDEST_GLIBC[architecture] - 1, -1)
    return [
        *(f"manylinux_2_{minor}_{machine}" for minor in minors),
        *(f"{name}_{machine}" for name in _OLDER_NAMES[architecture]),
    ]


def install(requirements: Path, architecture: str, folder: Path) -> None:
    """Install what `requirements` pins into `folder`, without running any of it. Raises Refused."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as name:
        pins = Path(name, "requirements.txt")
        pins.write_text("\n".join(pins_for_lambda(requirements.read_text("utf-8"), architecture)), "utf-8")
        command = [sys.executable, *_PIP.split(), "--python-version", VERSION, "--target", str(folder)]
        for platform in platforms(architecture):
            command += ["--platform", platform]
        command += ["--requirement", str(pins)]
        done = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, text=True, check=False, env=_environment()
        )
    if done.returncode:
        raise Refused(f"The dependencies could not be installed: {_cause(done.stderr)}")


def _environment() -> dict[str, str]:
    """Return this process's environment, in which pip's settings name no other place than `--target`."""
    kept = {name: value for name, value in os.environ.items() if name != "PIP_PREFIX"}
    return {**kept, "PIP_REQUIRE_VIRTUALENV": "0"}


def pins_for_lambda(requirements: str, architecture: str) -> Iterator[str]:
    """Return the pins whose environment marker holds on Lambda, without the marker.

    pip evaluates markers for the Python that runs it, whatever `--python-version` says. Options and paths are
    returned as they are.
    """
    environment = marker_environment(architecture)
    lines = [line for line in requirements.splitlines() if not line.lstrip().startswith("#")]
    for entry in "\n".join(lines).replace("\\\n", " ").splitlines():
        text, *hashes = entry.split("--hash=")
        if not text.strip():
            continue
        try:
            pin = Requirement(text)
        except InvalidRequirement:
            yield entry
            continue
        if pin.marker is None or pin.marker.evaluate(environment):
            pin.marker = None
            yield " ".join([str(pin), *(f"--hash={one.strip()}" for one in hashes)])


def _cause(output: str) -> str:
    errors = [
        line.removeprefix("ERROR:").strip() for line in output.splitlines() if line.startswith("ERROR:")
    ]
    return errors[0] if errors else "pip ended without a message; is the package index reachable?"
