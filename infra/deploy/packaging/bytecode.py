"""Compile modules to byte code that is the same wherever it is made by the same interpreter."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from infra.deploy.packaging.runtime import Interpreter
from infra.deploy.refusal import Refused

_SCRIPT = Path(__file__).with_name("compile_tree.py")
# An interpreter may need these to start; anything else could change what it writes.
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


def compile_folder(folder: Path, interpreter: Interpreter) -> None:
    """Compile every module below `folder`. Raises Refused for one that is not Python."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    done = subprocess.run(  # noqa: S603 - our own script
        [interpreter.path, "-S", "-P", "-B", "-X", "utf8", str(_SCRIPT)],
        cwd=folder,
        env={"PYTHONHASHSEED": "0"} | {name: os.environ[name] for name in _KEPT if name in os.environ},
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"Python {interpreter.version} ended without output"])[
            -1
        ]
        raise Refused(f"The source could not be compiled: {reason}")
