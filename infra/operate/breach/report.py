"""The report of a breach, written anew after every step, so that an interrupted run leaves one too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from chalicelib.api.serializers import timestamp
from chalicelib.domain.ports import Clock
from infra.operate.terminal import say


@dataclass
class Report:
    """What was done, when, by whom, and with what effect.

    `sessions_ended` is None until they have been counted, `stopped_by` says what ended a run before its end,
    and `left_behind` how to remove what the run could not.
    """

    stage: str
    operator: str
    started_at: str
    epoch_before: int
    epoch: int
    resumed: bool
    steps: list[dict[str, str]] = field(default_factory=list)
    proof: dict[str, bool] = field(default_factory=dict)
    sessions_ended: int | None = None
    left_behind: str | None = None
    stopped_by: str | None = None
    finished: bool = False

    @property
    def proven(self) -> bool:
        """Tell whether every proof holds."""
        return bool(self.proof) and all(self.proof.values())


@dataclass
class ReportWriter:
    """A report and the file in which it lies."""

    report: Report
    path: Path
    clock: Clock
    _unwritten: OSError | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the file up to date while a run lasts, however it ends.

        Refuses to begin where the file cannot be written. A disk that fails later stops nothing: what should
        be in the file is then printed, and the command fails at its end.
        """
        try:
            check_writable(self.path)
            self._write()
        except OSError as error:
            raise click.ClickException(
                f"Nothing was done, since the report cannot be written to {self.path} ({_why(error)}): "
                "name another place with --report."
            ) from error
        try:
            yield
        except BaseException as error:
            self.report.stopped_by = type(error).__name__
            self.save()
            say(f"It stopped before its end: see {self.path}, then run it again.", err=True)
            raise
        self.report.finished = True
        self.save()
        if self._unwritten is not None:
            for line in self._text().splitlines():
                say(line)
            raise click.ClickException(
                f"The report above could not be written to {self.path} ({_why(self._unwritten)}): keep it."
            )

    def step(self, done: str) -> None:
        """Add a step, write it down, and say it."""
        now = timestamp(self.clock())
        self.report.steps.append({"at": now, "done": done})
        self.save()
        say(f"{now}  {done}")

    def leave_behind(self, sentence: str) -> None:
        """Note what the run could not clean up, and say it."""
        self.report.left_behind = sentence
        self.save()
        say(sentence, err=True)

    def save(self) -> None:
        """Write the report, and go on where that fails."""
        try:
            self._write()
            self._unwritten = None
        except OSError as error:
            self._unwritten = error

    def _write(self) -> None:
        # Beside it first: a reader, and a crash, find the old report or the new one and never half of one.
        new = self.path.with_name(f"{self.path.name}.new")
        with new.open("w", encoding="utf-8") as file:
            file.write(f"{self._text()}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def _text(self) -> str:
        return json.dumps(asdict(self.report), indent=2)


def check_writable(path: Path) -> None:
    """Check whether a report can be written, without writing anything. Raises OSError."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        # To replace one of these, such as /dev/stdout, would take it away from everybody.
        raise OSError("it is no plain file")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OSError(f"the folder {path.parent} cannot be written to")


def _why(error: OSError) -> str:
    return error.strerror or str(error)
