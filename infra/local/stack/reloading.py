"""Reload the functions when their source changes, without losing the state of the local AWS."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

ROOT = Path(__file__).resolve().parents[3]
_SECONDS = 0.5
_LOGGER = "gatehouse"
_FUNCTIONS = {"app", "chalicelib"}
Snapshot = dict[Path, tuple[int, int]]


class Watcher:
    """Calls `changed` in a separate thread after a source file has changed, until `stop`.

    It waits until the files stay unchanged for one interval: an editor may write several.
    """

    def __init__(
        self, changed: Callable[[set[Path]], None], root: Path = ROOT, seconds: float = _SECONDS
    ) -> None:
        self._changed = changed
        self._root = root
        self._seconds = seconds
        self._stopping = Event()
        self._loaded = snapshot(root)
        self._thread = Thread(target=self._run, name="reloading", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        seen = self._loaded
        while not self._stopping.wait(self._seconds):
            current = snapshot(self._root)
            if current == seen and current != self._loaded:
                different = {path for path, _ in current.items() ^ self._loaded.items()}
                self._loaded = current
                self._changed(different)
            seen = current


def snapshot(root: Path) -> Snapshot:
    """Return time and size of every source file of the functions."""
    found: Snapshot = {}
    for path in (root / "app.py", root / "infra" / "functions.yaml", *(root / "chalicelib").rglob("*.py")):
        with suppress(OSError):
            status = path.stat()
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


@contextmanager
def imported_anew() -> Iterator[None]:
    """Import the functions' modules again inside the `with` block; keep the former ones if it raises."""
    former = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in _FUNCTIONS}
    _forget(set(former))
    # Powertools configures a logger once, and this one formats with the former modules.
    loggers = logging.root.manager.loggerDict
    logger = loggers.pop(_LOGGER, None)
    try:
        yield
    except BaseException:
        _forget({name for name in sys.modules if name.partition(".")[0] in _FUNCTIONS})
        sys.modules.update(former)
        if logger is not None:
            loggers[_LOGGER] = logger
        raise


def description(error: BaseException) -> str:
    """Return in one line why an import failed, with the line that a developer can change."""
    if isinstance(error, SyntaxError):
        return f"{_short(error.filename or '')}:{error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        one
        for one in frames
        if str(ROOT / "chalicelib") in one.filename or one.filename == str(ROOT / "app.py")
    ]
    place = f"{_short(own[-1].filename)}:{own[-1].lineno}: " if own else ""
    return f"{place}{type(error).__name__}: {error}"


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else file


def _forget(names: set[str]) -> None:
    for name in names:
        del sys.modules[name]
