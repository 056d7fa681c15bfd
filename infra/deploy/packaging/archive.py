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


def write_zip(target: Path, files: Mapping[str, Path]) -> str:
    """Write the files in the order of their names; return a digest of names and contents.

    The digest is not that of the zip, which depends on the version of zlib. A concurrent reader sees the
    former zip, whole.
    """
    digest, fresh = hashlib.sha256(), target.with_name(f"{target.name}.{os.getpid()}")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            content = files[name].read_bytes()
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system, entry.external_attr = _UNIX, _READABLE_BY_ALL
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    fresh.replace(target)
    return digest.hexdigest()
