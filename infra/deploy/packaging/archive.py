"""A zip whose bytes depend on nothing but the names and the contents of its files."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o100644 << 16
_UNIX = 3


def files_below(folder: Path) -> dict[str, Path]:
    """Return every file below `folder` by its relative name."""
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def digest(files: Mapping[str, Path]) -> str:
    """Return a digest of names and contents; not of the zip, which another zlib would pack otherwise."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(name.encode() + b"\0" + hashlib.sha256(files[name].read_bytes()).digest())
    return total.hexdigest()


def write_zip(target: Path, files: Mapping[str, Path]) -> None:
    """Write the files in the order of their names. Whoever reads meanwhile sees the former zip, whole."""
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system, entry.external_attr = _UNIX, _READABLE_BY_ALL
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name].read_bytes())
    fresh.replace(target)
