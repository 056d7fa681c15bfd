"""The report of a breach, rewritten after every step, so that an interrupted run also leaves a report."""

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

    `sessions_ended` is None until they are counted, and so is `api_keys_ended`, which stays None unless
    `api_keys` says that API keys were ended, too. `stopped_by` is the exception that interrupted the run, and
    `left_behind` states how to remove what the run could not remove.
    """

    stage: str
    operator: str
    started_at: str
    epoch_before: int
    epoch: int
    resumed: bool
    api_keys: bool = False
    steps: list[dict[str, str]] = field(default_factory=list)
    proof: dict[str, bool] = field(default_factory=dict)
    sessions_ended: int | None = None
    api_keys_ended: int | None = None
    left_behind: str | None = None
    stopped_by: str | None = None
    finished: bool = False

    @property
    def proven(self) -> bool:
        """Return whether every proof succeeded."""
        return bool(self.proof) and all(self.proof.values())


@dataclass
class ReportWriter:
    """Writes a report to a file."""

    report: Report
    path: Path
    clock: Clock
    _unwritten: OSError | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the file up to date during a run, however it ends.

        Raises ClickException before the run if the file cannot be written. A later write error does not stop
        the run: the report is printed at the end, and ClickException is raised.
        """
        try:
            check_writable(self.path)
            self._write()
        except OSError as error:
            raise click.ClickException(
                f"Nothing was done, since the report cannot be written to {self.path} ({_why(error)}): "
                "name another file with --report."
            ) from error
        try:
            yield
        except BaseException as error:
            self.report.stopped_by = type(error).__name__
            self.save()
            say(f"The run was interrupted: see {self.path}, then repeat the command.", err=True)
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
        """Add a step, write the report, and print the step."""
        now = timestamp(self.clock())
        self.report.steps.append({"at": now, "done": done})
        self.save()
        say(f"{now}  {done}")

    def leave_behind(self, sentence: str) -> None:
        """Add a sentence about what the run could not remove, write the report, and print the sentence."""
        self.report.left_behind = sentence
        self.save()
        say(sentence, err=True)

    def save(self) -> None:
        """Write the report. Remember an error instead of raising it."""
        try:
            self._write()
            self._unwritten = None
        except OSError as error:
            self._unwritten = error

    def _write(self) -> None:
        # Written to a second file and renamed, so that the report is never incomplete.
        new = self.path.with_name(f"{self.path.name}.new")
        with new.open("w", encoding="utf-8") as file:
            file.write(f"{self._text()}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def _text(self) -> str:
        return json.dumps(asdict(self.report), indent=2)


def check_writable(path: Path) -> None:
    """Check whether a report can be written, without writing. Raises OSError if not."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        # Renaming would replace a special file such as /dev/stdout for every process.
        raise OSError("it is not a regular file")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OSError(f"the folder {path.parent} cannot be written to")


def _why(error: OSError) -> str:
    return error.strerror or str(error)
