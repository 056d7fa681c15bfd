"""The file in which a running stack says where it is."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextmanager
def stack_file(path: Path, description: Mapping[str, str]) -> Iterator[None]:
    """Keep the file while the context lasts. Another stack that took it over keeps it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({**description, "pid": os.getpid()}, indent=2) + "\n", encoding="utf-8")
    # In one step: whoever waits for the file never reads half of it.
    draft.replace(path)
    try:
        yield
    finally:
        if _owner(path) == os.getpid():
            path.unlink(missing_ok=True)


def _owner(path: Path) -> int | None:
    try:
        owner: int = json.loads(path.read_text(encoding="utf-8"))["pid"]
    except (OSError, ValueError, KeyError):
        return None
    return owner
