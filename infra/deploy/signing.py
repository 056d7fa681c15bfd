"""Whether a stage's package can use RS256 and ES256 keys: from the first such setting until someone ends it.

The deploy does not read the signing secret. A stage that goes back to HS256 has asymmetric keys for two more
rotations, so `AsymmetricKeys=kept` is remembered until an operator, who has looked, takes it back.
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.deploy.guards import confirm
from infra.deploy.refusal import Refused

_KEPT, _NONE = "kept", "none"
_LOOK = "`python -m infra keys status` shows the algorithm of every key"


def is_asymmetric(values: Mapping[str, str]) -> bool:
    """Return whether the package must be able to use RS256 and ES256 keys."""
    return values.get("AsymmetricKeys", _NONE) == _KEPT


def remembered(
    before: Mapping[str, str], after: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the value of `AsymmetricKeys`.

    Raises Refused if it is given as `none` while keys of the setting, or of the one before, are in use.
    """
    algorithms = {after["SigningAlgorithm"], before.get("SigningAlgorithm", "HS256")}
    if algorithms == {"HS256"}:
        return {}
    if given.get("AsymmetricKeys") == _NONE:
        raise Refused(
            "AsymmetricKeys cannot be none yet: a change of SigningAlgorithm takes two rotations, and without "
            f"cryptography in the package every token of an RS256 or ES256 key is answered 503. {_LOOK}."
        )
    return {"AsymmetricKeys": _KEPT}


def ask_about_rollback(before: Mapping[str, str], after: Mapping[str, str], *, yes: bool) -> None:
    """Ask before a release is put back that cannot use asymmetric keys. Raises Refused for a no."""
    if is_asymmetric(before) and not is_asymmetric(after):
        confirm(
            "The release before has no cryptography: if the signing secret has an RS256 or ES256 key that "
            f"signs or verifies, its tokens are answered 503. {_LOOK}. Go on?",
            yes=yes,
        )
