"""Run a program to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_captured(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Return the exit code and the output of a command.

    Raises OSError if the program cannot be started.
    """
    return subprocess.run(  # noqa: S603 - no shell, and callers pass words of their own
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
