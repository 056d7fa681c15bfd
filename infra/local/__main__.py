"""`python -m infra.local`: run the local stack until Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TextIO

from chalicelib.settings import BadSetting, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.local.stack.local_stack import LocalStack

_ROOT = Path(__file__).resolve().parents[2]
_FILE = _ROOT / ".local" / "stack.json"
_HIGHEST_PORT = 65_535
_OURS = {"app", "chalicelib", "infra"}


class _BadPortError(ValueError):
    """A port variable has an invalid value. The message names both."""


def main(environment: Mapping[str, str], out: TextIO) -> int:
    """Run until a signal arrives, and return the exit code of the process."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        _run(environment, out)
    except KeyboardInterrupt:
        return 0
    except Exception as error:
        sentence = _sentence(error)
        if not sentence:
            raise
        print(sentence, file=sys.stderr)
        return 1
    return 0


def _sentence(error: Exception) -> str:
    """Return a message for an expected error, or an empty string for a defect."""
    if isinstance(error, ImportError) and (error.name or "").partition(".")[0] not in _OURS:
        return f"The installation is not complete ({error}): run `make clean`, then repeat the command."
    # By name: after a reload it is another class.
    if isinstance(error, BadSetting | _BadPortError) or type(error).__name__ == BadSetting.__name__:
        return str(error)
    from infra.local.own.resources import OwnResourcesError
    from infra.local.stack.one_at_a_time import AlreadyRunningError
    from infra.local.stack.server import PortInUseError

    return str(error) if isinstance(error, PortInUseError | AlreadyRunningError | OwnResourcesError) else ""


def _run(environment: Mapping[str, str], out: TextIO) -> None:
    port, aws_port = _port(environment, "PORT", 8000), _port(environment, "AWS_PORT", 0)
    # First of all, to report an invalid value immediately.
    Settings.from_environment({**environment, "GATEHOUSE_STACK_FILE": ""})
    # Imported here, so that `main` reports a missing package.
    from infra.local.stack.demo import greeting
    from infra.local.stack.local_stack import LocalStack
    from infra.local.stack.one_at_a_time import take_place
    from infra.local.stack.reloading import Watcher

    file = Path(environment.get("GATEHOUSE_STACK_FILE") or _FILE)
    log = file.with_name("gatehouse.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    # In Lambda, standard output is the log. Here it is a terminal, so the log goes to a file.
    with log.open("a", encoding="utf-8", buffering=1) as lines, redirect_stdout(lines):
        take_place(lines, file)
        stack = LocalStack(port=port, aws_port=aws_port, environment=environment, file=file)
        with stack:
            # Only now: if the port was in use, the log belongs to the stack that uses it.
            lines.truncate(0)
            for notice in stack.notices:
                print(notice, file=out)
            print(greeting(stack.api_url, _short(log)), file=out, flush=True)
            watcher = Watcher(partial(_reload, stack, out))
            watcher.start()
            try:
                Event().wait()
            finally:
                watcher.stop()


def _reload(stack: LocalStack, out: TextIO, changed: set[Path]) -> None:
    """Load changed functions, and print the result in one line."""
    from infra.local.stack.reloading import description

    if any(path.suffix == ".yaml" for path in changed):
        print(
            "infra/functions.yaml has changed: restart `make run` (with KEEP=1 before, it keeps its data).",
            file=out,
        )
    try:
        stack.reload()
    except Exception as error:  # noqa: BLE001 - anything that an own module raises on import
        message = f"Not reloaded: the former code still runs. {description(error)}"
    else:
        message = f"Reloaded: {', '.join(sorted(_short(path) for path in changed))}"
    print(message, file=out, flush=True)


def _stop(*_: object) -> None:
    # A terminal and `make` may both send a signal; the second must not interrupt the cleanup.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST_PORT:
        raise _BadPortError(f"{name} must be a port number, 0 to {_HIGHEST_PORT}, not {text!r}.")
    return int(text)


def _short(path: Path) -> str:
    return os.path.relpath(path)


if __name__ == "__main__":
    sys.exit(main(dict(os.environ), sys.stdout))
