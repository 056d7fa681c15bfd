"""Processes that are measured, or that stand for AWS while another is measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

LOWEST_COST = 4
"""Cost of the stack's password hashes: what a hash takes is measured alone, and subtracted."""
_PROGRAMS = Path(__file__).with_name("programs")


@dataclass(frozen=True)
class Timing:
    """What a case returned, and the seconds that one call took by wall clock and by CPU."""

    value: Any
    wall: float
    cpu: float


class _Process:
    """A script that answers one line of JSON for each line of its standard input."""

    def __init__(self, command: list[str], cwd: Path, environment: Mapping[str, str]) -> None:
        self._name = " ".join(command)
        self._process = subprocess.Popen(  # noqa: S603 - our own scripts
            command, cwd=cwd, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.greeting = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process.stdin and self._process.stdout:
            self._process.stdin.close()
            self._process.stdout.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Worker(_Process):
    """A process that runs the cases of `programs/cases.py` on one tree.

    `command` is a Python with its options; `folders` come first in its path.
    """

    def __init__(
        self, command: list[str], folders: list[Path], cwd: Path, environment: Mapping[str, str]
    ) -> None:
        script = str(_PROGRAMS / "worker.py")
        super().__init__([*command, script, *map(str, folders)], cwd, environment)
        self.pid: int = self.greeting["pid"]

    def run(self, case: str, *, times: int = 1, **arguments: Any) -> Timing:
        """Run a case so many times. Raises RuntimeError if it fails."""
        answer = self._ask({"case": case, "arguments": arguments, "times": times})
        if "error" in answer:
            raise RuntimeError(f"{case} failed:\n{answer['error']}")
        return Timing(answer["value"], answer["wall"], answer["cpu"])


class StackProcess(_Process):
    """The local stack of a tree, with moto as AWS, in a process whose CPU is not counted.

    With `users`, the table holds as many copies of one user's items besides.
    """

    def __init__(self, tree: Path, *, users: int = 0, bcrypt_cost: int = LOWEST_COST) -> None:
        command = [sys.executable, str(_PROGRAMS / "stack.py"), str(bcrypt_cost), str(users)]
        # The stack's own variables come from its template; those of this shell must not change them.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
        super().__init__(command, tree, {**kept, "PYTHONDONTWRITEBYTECODE": "1"})
        self.url: str = self.greeting["url"]
        self.environment: dict[str, str] = self.greeting["environment"]
