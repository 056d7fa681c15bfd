"""A list of common passwords as a compact set of digests.

The file contains the first five bytes of the SHA-256 of each password. The first two bytes select a bucket.
The file begins with an index: for each bucket the number of its first entry, and the total (65,537 unsigned
32-bit integers, little-endian). The last three bytes of every entry follow, sorted. A lookup reads two
integers and one short slice, and 341,000 passwords take 1.3 MB. The false positive rate is one in three
million.

`python -m infra common-passwords` builds the file; `common_passwords.LICENSE` is that of its source.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

FILE = Path(__file__).with_name("common_passwords.bin")
BUCKETS = 65_536
_BUCKET_BYTES, _ENTRY_BYTES = 2, 3
_INDEX_BYTES = 4 * (BUCKETS + 1)


class CommonPasswordFile:
    """Implements `CommonPasswords` with a file that is read at the first call."""

    def __init__(self, path: Path = FILE) -> None:
        self._path = path

    def contains(self, comparable: str) -> bool:
        """Return whether the list contains a password, given in its comparable form."""
        bucket, entry = _place(comparable)
        first, end = struct.unpack_from("<2I", self._content, 4 * bucket)
        entries = self._content[_INDEX_BYTES + _ENTRY_BYTES * first : _INDEX_BYTES + _ENTRY_BYTES * end]
        return any(entries[at : at + _ENTRY_BYTES] == entry for at in range(0, len(entries), _ENTRY_BYTES))

    def __len__(self) -> int:
        return int(struct.unpack_from("<I", self._content, _INDEX_BYTES - 4)[0])

    @cached_property
    def _content(self) -> bytes:
        return self._path.read_bytes()


def file_content(comparables: Iterable[str]) -> bytes:
    """Return the content of a file with these passwords, each in its comparable form."""
    places = sorted({_place(one) for one in comparables})
    counts = [0] * (BUCKETS + 1)
    for bucket, _ in places:
        counts[bucket + 1] += 1
    for bucket in range(BUCKETS):
        counts[bucket + 1] += counts[bucket]
    return struct.pack(f"<{BUCKETS + 1}I", *counts) + b"".join(entry for _, entry in places)


def _place(comparable: str) -> tuple[int, bytes]:
    digest = hashlib.sha256(comparable.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:_BUCKET_BYTES], "big"), digest[_BUCKET_BYTES : _BUCKET_BYTES + _ENTRY_BYTES]
