"""Byte code beside its source, the same bytes wherever it is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.deploy.refusal import Refused

_SCRIPT = Path(__file__).with_name("compile_tree.py")


def compile_folder(folder: Path) -> None:
    """Compile every module below `folder`. Raises Refused for one that is not Python."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-S", "-P", "-B", "-X", "utf8", str(_SCRIPT)],
        cwd=folder,
        env={"PYTHONHASHSEED": "0"},
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(f"The source could not be compiled: {done.stderr.strip().splitlines()[-1]}")
