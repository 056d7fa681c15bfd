"""Breached passwords by a range query: the service sees five hexadecimal digits of a hash, not the password.

The protocol is that of Have I Been Pwned (Pwned Passwords, version 3): `GET {url}{first five digits of the
SHA-1}` returns a line `REST:COUNT` for each breached password with those digits. `Add-Padding: true` hides
their number from observers of the response size; padding has the count 0.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.deadline import seconds_left

if TYPE_CHECKING:
    from urllib3 import PoolManager

TIMEOUT_SECONDS = 1.5
REST_SECONDS = 3.0
"""Reserved for hashing and writing afterwards: with less time left, the check is skipped."""
MAX_ANSWER_BYTES = 512 * 1024
"""A response has about 40 KB; reading stops at this size."""
_PREFIX_DIGITS = 5
_LINE = re.compile(r"(?P<rest>[0-9A-Fa-f]{35}):(?P<count>[0-9]{1,12})")


class BreachedPasswordRange:
    """Implements `BreachedPasswords` with the range service at `url`.

    If the service is unreachable, slow or returns an error, the password counts as not breached: an outage of
    the service must not prevent users from setting a password, and the other rules have been applied before.
    """

    def __init__(self, url: str) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._pool: PoolManager | None = None

    def contains(self, password: Password) -> bool:
        """Return whether the service knows the password."""
        # SHA-1 is the service's protocol; nothing is protected by it.
        digest = hashlib.sha1(password.reveal().encode(), usedforsecurity=False).hexdigest().upper()
        prefix, rest = digest[:_PREFIX_DIGITS], digest[_PREFIX_DIGITS:]
        matches = (_LINE.fullmatch(line.strip()) for line in self._range(prefix).splitlines())
        return any(
            hmac.compare_digest(match["rest"].upper(), rest) and int(match["count"]) > 0
            for match in matches
            if match
        )

    def _range(self, prefix: str) -> str:
        from urllib3 import PoolManager, Timeout
        from urllib3.exceptions import HTTPError

        left = seconds_left()
        if left is not None and left < TIMEOUT_SECONDS + REST_SECONDS:
            return ""
        self._pool = self._pool or PoolManager(num_pools=1, retries=False)
        try:
            answer = self._pool.request(
                "GET",
                f"{self._url}{prefix}",
                headers={"Add-Padding": "true", "User-Agent": "gatehouse"},
                timeout=Timeout(total=TIMEOUT_SECONDS),
                redirect=False,
                preload_content=False,
            )
            try:
                content = answer.read(MAX_ANSWER_BYTES, decode_content=True)
            finally:
                answer.release_conn()
        except HTTPError:
            return ""
        return content.decode("ascii", "replace") if answer.status == HTTPStatus.OK else ""
