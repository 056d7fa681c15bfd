"""Locates unexpected exceptions, and passes them to listeners."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

OWN_FUNCTIONS = "/chalicelib/functions/"
"""Folder of a developer's own functions. Their frames are named first, with the path below this folder."""
_MAX_FRAMES = 6

Listener = Callable[[BaseException], None]
_listeners: list[Listener] = []


class UnusableAnswer(Exception):
    """A view returned a value that cannot be sent. The message is fixed text: what a view must return."""

    def __init__(self, reason: str, view: Callable[..., object]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place_of(view)


def place_of(view: Callable[..., object]) -> str:
    """Return file and line of a function."""
    # Imported here: the authorizer does not need it.
    import inspect

    code = getattr(inspect.unwrap(view), "__code__", None)
    return _short(code.co_filename, code.co_firstlineno) if code else ""


def where(frames: Iterable[tuple[str, int | None]]) -> str:
    """Return file and line of the last frames; the innermost one of an own function comes first."""
    every = list(frames)
    own = [frame for frame in every if OWN_FUNCTIONS in frame[0].replace("\\", "/")][-1:]
    others = [frame for frame in every[-_MAX_FRAMES:] if frame not in own]
    return " > ".join(_short(*frame) for frame in [*own, *others])


def where_raised(error: BaseException) -> str:
    """Return file and line of the frames in which an exception was raised."""
    if isinstance(error, UnusableAnswer):
        return error.place
    return where((frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Pass every recorded crash to `listener` inside the `with` block. The log omits an exception's text."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def announce(error: BaseException) -> None:
    """Pass a crash to the listeners."""
    for listener in _listeners:
        listener(error)


def _short(file: str, line: int | None) -> str:
    path = file.replace("\\", "/")
    own = path.partition(OWN_FUNCTIONS)[2]
    return f"functions/{own}:{line}" if own else f"{path.rpartition('/')[2]}:{line}"
