"""The check of mailed codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.errors import GatehouseError, Unavailable
from chalicelib.domain.ports import Clock, Keys
from chalicelib.domain.tokens.key_ports import System
from chalicelib.domain.verification.ports import Verifications
from chalicelib.domain.verification.verification import Purpose, Verification, VerificationToken


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """Checks codes. A code that is refused makes one call, for every reason."""

    verifications: Verifications
    system: System
    keys: Keys
    clock: Clock

    @contextmanager
    def right(self, token: VerificationToken, code: str, purpose: Purpose) -> Iterator[Verification]:
        """Return the verification of a correct code, which the `with` block spends with its change.

        A try is charged before the code is compared, so that parallel guesses are all counted. The charge is
        withdrawn if the block raises any error but InvalidCode. Raises InvalidCode and Unavailable.
        """
        found = self.verifications.charge(token.digest(), purpose, self.clock())
        if found is None or not found.fits(token, code):
            raise InvalidCode("wrong code" if found else "no verification to try")
        try:
            self._require_epoch(found)
            yield found
        except InvalidCode:
            raise
        except GatehouseError:
            with suppress(Unavailable):
                self.verifications.refund(found.digest)
            raise

    def require_unspent(self, verification: Verification) -> None:
        """Raise InvalidCode if the code was spent or replaced meanwhile. Raises Unavailable."""
        found = self.verifications.find_verification(verification.digest)
        if found is None or found.code_mac != verification.code_mac:
            raise InvalidCode("code spent")

    def _require_epoch(self, verification: Verification) -> None:
        # The later epoch of table and key counts: a restored table may be older than the last breach.
        epoch = self.keys.current(epoch=self.system.epoch(verification.digest)).current.epoch
        if verification.epoch < epoch:
            raise InvalidCode("code of a past epoch")
