"""The Python and the platform that the functions run on, and an interpreter of that version on this machine.

`RUNTIME` is the only place that decides the version. The template, the tests and the Makefile are held to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RUNTIME = (3, 13)
"""Python version of the functions. Lambda deprecates it on 2029-06-30."""

GLIBC_MINOR = 34
"""glibc is 2.34 on Amazon Linux 2023, which runs this Python: a wheel for a newer one does not load."""

ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Lambda's name of each architecture, and the name that wheels and `platform.machine()` use."""

VERSION = ".".join(str(part) for part in RUNTIME)
"""The version as text, such as `3.13`."""

RUNTIME_NAME = f"python{VERSION}"
"""Lambda's name of the runtime, which is also the usual name of the executable."""

INSTALL_COMMAND = f".venv/bin/python -m uv python install {VERSION}"
"""Downloads an interpreter of the functions' version."""

_PROBE_SECONDS = 20
# A release candidate may still write byte code that a final release ignores.
_PROBE = (
    "import platform, sys; i = sys.implementation; "
    "print(sys.executable, i.name, sys.version_info.releaselevel, platform.python_version(), sep='\\n')"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python of the functions' version. `version` is the full one, such as `3.13.2`."""

    path: str
    version: str


def find_interpreter() -> Interpreter | None:
    """Return an interpreter of the functions' version, or None if this machine has none. Downloads nothing.

    Looks at the running Python, then at PATH, at pyenv's versions and at those that uv has installed.
    """
    for candidate in _candidates():
        found = _probe(candidate)
        if found is not None:
            return found
    return None


def main() -> None:
    """Print the path of an interpreter other than the running one; on standard error, why there is none."""
    found = find_interpreter()
    if sys.version_info[:2] == RUNTIME:
        print(f"Left out: this is Python {VERSION}, so the other tests ran on it.", file=sys.stderr)
    elif found is None:
        print(f"Left out: there is no Python {VERSION}. To get one: {INSTALL_COMMAND}", file=sys.stderr)
    else:
        print(found.path)


def marker_environment(architecture: str) -> dict[str, str]:
    """Return the values of PEP 508 environment markers on Lambda, for one of `ARCHITECTURES`."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{VERSION}.0",
        "os_name": "posix",
        "platform_machine": ARCHITECTURES[architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{VERSION}.0",
        "python_version": VERSION,
        "sys_platform": "linux",
    }


def _candidates() -> Iterator[str]:
    if sys.version_info[:2] == RUNTIME:
        yield sys.executable
    # Every folder of PATH: the first executable of this name may be a shim of pyenv that refuses to run.
    for folder in os.get_exec_path():
        yield os.path.join(folder, RUNTIME_NAME)  # noqa: PTH118 - PATH holds text, and may hold an empty one
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for executable in sorted(root.glob(f"versions/{VERSION}.*/bin/{RUNTIME_NAME}"), reverse=True):
        yield str(executable)
    yield from _installed_by_uv()


def _installed_by_uv() -> Iterator[str]:
    command = [sys.executable, "-m", "uv", "--offline", "python", "find", "--no-project"]
    output = _output([*command, "--managed-python", "--no-python-downloads", VERSION])
    if output is not None:
        yield output.strip()


def _probe(candidate: str) -> Interpreter | None:
    output = _output([candidate, "-I", "-S", "-c", _PROBE])
    lines = output.splitlines() if output is not None else []
    if len(lines) != 4:  # noqa: PLR2004 - what the probe prints
        return None
    path, implementation, level, version = lines
    is_wanted = (implementation, level) == ("cpython", "final") and version.startswith(f"{VERSION}.")
    return Interpreter(path, version) if is_wanted else None


def _output(command: list[str]) -> str | None:
    """Return the standard output, or None if the command cannot be run, fails or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - a Python of this machine
            command, capture_output=True, text=True, check=False, timeout=_PROBE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None


if __name__ == "__main__":
    main()
