"""The Python and the platform that the functions run on, and an interpreter of that version on this machine.

`RUNTIME` is the only place that decides the version. The template, the tests and the Makefile are held to it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from infra.process import run_captured

RUNTIME = (3, 13)
"""Python version of the functions. Lambda deprecates it on 2029-06-30."""

GLIBC = (2, 34)
"""glibc of Amazon Linux 2023, which runs this Python: a wheel for a newer one does not load."""

ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Lambda's name of each architecture, and the name that wheels and `platform.machine()` use."""

VERSION = ".".join(str(part) for part in RUNTIME)
"""The version as text, such as `3.13`."""

RUNTIME_NAME = f"python{VERSION}"
"""Lambda's name of the runtime, which is also the usual name of the executable."""

INSTALL_COMMAND = f".venv/bin/python -m uv python install {VERSION}"
"""Downloads an interpreter of the functions' version."""

_FIND = f"-m uv --offline python find --no-project --no-python-downloads cpython@{VERSION}"


def find_interpreter() -> str | None:
    """Return the path of an interpreter of the functions' version, or None if this machine has none.

    uv looks for it among the Pythons that it has installed, then in the folder of the running Python, in
    pyenv's versions and on PATH. Nothing is downloaded.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    # Before PATH, which may have a shim of pyenv that refuses to run.
    folders = [Path(sys.executable).parent, *pyenv.glob(f"versions/{VERSION}.*/bin")]
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    done = run_captured([sys.executable, *_FIND.split()], env={**os.environ, "PATH": path})
    return done.stdout.strip() if done.returncode == 0 else None
