"""What all fakes that stand for something remote have in common: counters, and switches to make them fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, TypeVar

from chalicelib.domain.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")
Self_ = TypeVar("Self_", bound="Remote")


class Remote:
    """Something far away.

    `calls` counts by method. `down` names the methods that raise Unavailable before they do anything, and
    `mute` those that do their work and then raise it, as where an answer is lost on the way. `before` holds
    what happens once, just before a method: another request that comes between, without a thread.
    `round_trips` is what the real thing would have cost.
    """

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.round_trips = 0
        self.down: set[str] = set()
        self.mute: set[str] = set()
        self.before: dict[str, Callable[[], object]] = {}
        self.lock = RLock()


def remote(method: Callable[Concatenate[Self_, P], R]) -> Callable[Concatenate[Self_, P], R]:
    """Make a method one that a Remote counts, guards with its lock, and can be told to fail."""
    name = method.__name__

    @wraps(method)
    def call(self: Self_, /, *args: P.args, **kwargs: P.kwargs) -> R:
        interlude = self.before.pop(name, None)
        if interlude is not None:
            interlude()
        with self.lock:
            self.calls[name] += 1
            self.round_trips += 1
            if name in self.down:
                raise Unavailable("switched off")
            answer = method(self, *args, **kwargs)
        if name in self.mute:
            raise Unavailable("answer lost")
        return answer

    return call
