"""Map the template's parameters to the settings of the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.settings import BadSetting, Settings

NOT_GIVEN = ("ReleaseObject", "PreviousReleaseObject")
"""Parameters that only the deployment itself sets."""

VARIABLES_BYTES = 4_000
"""Maximum bytes of all variables of a function. Lambda's limit is 4,096, including those that Lambda adds."""

Pins = tuple[str, ...]
PINS: Pins = ("requirements-lambda",)
"""Requirement files of every package, without their suffix."""

LOOK_AT_KEYS = "`python -m infra keys status` shows the algorithm of every key."

Declarations = Mapping[str, Mapping[str, Any]]


def variable(parameter: str) -> str:
    """Return the environment variable that a parameter sets: BcryptCost sets BCRYPT_COST."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()


def given_by(environment: Mapping[str, str], parameters: Iterable[str]) -> dict[str, str]:
    """Return the values that an environment has for parameters. An empty variable counts as absent."""
    return {name: environment[variable(name)] for name in parameters if environment.get(variable(name))}


def check_names(declared: Declarations, given: Mapping[str, str]) -> None:
    """Raise BadSetting for a parameter that does not exist or that the operator must not set."""
    for name in given:
        if name == "Stage":
            raise BadSetting("Leave out the parameter Stage: --stage sets it.")
        if name not in declared or name in NOT_GIVEN:
            known = sorted(set(declared) - {"Stage", *NOT_GIVEN})
            raise BadSetting(f"There is no parameter {name}; there are {', '.join(known)}.")


def resolve(declared: Declarations, given: Mapping[str, str], previous: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each parameter: the given one, else that of the stack, else the default.

    Parameters that only the deployment sets are left out.
    Raises BadSetting for a value that the template or a function would not accept.
    """
    values = {
        name: given.get(name, previous.get(name, str(one.get("Default", ""))))
        for name, one in declared.items()
        if name not in NOT_GIVEN
    }
    for name, value in values.items():
        _check_form(name, value, declared[name])
    return values


def pins(values: Mapping[str, str]) -> Pins:
    """Return the requirement files of a package. It contains `cryptography` while keys may need it."""
    return (*PINS, "requirements-asymmetric") if values.get("AsymmetricKeys") == "kept" else PINS


def check_deploy(
    before: Mapping[str, str], after: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the value of `AsymmetricKeys` after a deployment with `given`; {} if it does not change.

    The deployment does not read the signing secret, which contains asymmetric keys for two more rotations
    after the setting has changed back to HS256. So the value stays until an operator has checked the keys and
    resets it. Raises BadSetting if that is certainly too early, and as `check_change` does.
    """
    check_change(before, after)
    if {after["SigningAlgorithm"], before.get("SigningAlgorithm", "HS256")} == {"HS256"}:
        return {}
    if given.get("AsymmetricKeys") == "none":
        raise BadSetting(
            "AsymmetricKeys cannot be none yet: a change of SigningAlgorithm takes two rotations. Without "
            f"cryptography, tokens of an RS256 or ES256 key are answered 503. {LOOK_AT_KEYS}"
        )
    return {"AsymmetricKeys": "kept"}


def check_rollback(before: Mapping[str, str], noted: Mapping[str, Any]) -> str:
    """Return the question to ask before a rollback to the recorded release, or "" if it can use all keys.

    Raises BadSetting as `check_change` does.
    """
    after = noted["Parameters"]
    check_change(before, after)
    if len(pins(before)) <= len(pins(after)):
        return ""
    return (
        "The release before has no cryptography: while the signing secret has an RS256 or ES256 key, tokens "
        f"of that key are answered 503. {LOOK_AT_KEYS} Go on?"
    )


def check_settings(values: Mapping[str, str]) -> None:
    """Raise BadSetting for values from which a function could not build its settings."""
    variables = {variable(name): value for name, value in values.items()}
    Settings.from_environment({name: value for name, value in variables.items() if value})
    known = {name: value for name, value in variables.items() if hasattr(Settings, name.lower())}
    size = len(json.dumps({**known, "ISSUER": f"https://{values.get('DomainName', '')}"}))
    if size > VARIABLES_BYTES:
        raise BadSetting(
            f"The settings take {size} bytes, and a function has {VARIABLES_BYTES}: shorten the lists."
        )


def check_change(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raise BadSetting for a change of parameters that requires more than one step."""
    if before and before.get("EndpointType") != after["EndpointType"]:
        raise BadSetting(
            f"EndpointType cannot go from {before.get('EndpointType')} to {after['EndpointType']} in one "
            "step; docs/deploy.md has the steps, under *Another endpoint type*."
        )
    old, new = _web_acl(before), _web_acl(after)
    if old and new and old != new:
        raise BadSetting(
            "A web ACL can be replaced in two steps only, or the API may end without any: deploy with "
            "--parameter WebAclArn= --parameter AddressRateLimit=0 first, then with the new one."
        )


def _web_acl(values: Mapping[str, str]) -> str:
    """Return what identifies the web ACL: its ARN, or a constant for the stack's own ACL."""
    own = "AddressRateLimit" if values.get("AddressRateLimit", "0") != "0" else ""
    return values.get("WebAclArn") or own


def _check_form(name: str, value: str, declared: Mapping[str, Any]) -> None:
    if "AllowedValues" in declared and value not in {str(one) for one in declared["AllowedValues"]}:
        raise BadSetting(
            f"{name} must be one of {', '.join(map(str, declared['AllowedValues']))}, not {value!r}."
        )
    if declared["Type"] == "Number":
        # CloudFormation also accepts 2.5 and 007 and passes on the text: a function would refuse to start.
        if not re.fullmatch(r"0|[1-9][0-9]{0,9}", value):
            raise BadSetting(f"{name} must be a whole number without leading zeros, not {value!r}.")
        low, high = declared.get("MinValue", 0), declared.get("MaxValue", 10**10)
        if not low <= int(value) <= high:
            raise BadSetting(f"{name} must be between {low} and {high}, not {value}.")
    if len(value) > declared.get("MaxLength", 4096):
        raise BadSetting(f"{name} has {len(value)} characters, and may have {declared['MaxLength']}.")
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], value):
        # A parameter of infra/functions.yaml may have no ConstraintDescription.
        wanted = declared.get("ConstraintDescription", f"it must match {declared['AllowedPattern']}")
        raise BadSetting(f"{name} cannot be {value!r}: {wanted}")
