"""What is deployed, as AWS would see it: the translated templates, with sets of parameters put in place."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.infra.template.packaged import PROJECT, data, transformed
from tests.infra.template.resolved import Resolved
from tests.infra.template.test_template_options import BOUNDARY, CERTIFICATE, KMS_KEY, TOPIC, WEB_ACL

EVERYTHING_ON = {
    "DomainName": "auth.example.com",
    "DomainCertificateArn": CERTIFICATE,
    "WebAclArn": WEB_ACL,
    "AlarmTopicArn": TOPIC,
    "CorsAllowOrigins": "https://app.example.com",
    "PermissionsBoundary": BOUNDARY,
    "KmsKeyArn": KMS_KEY,
    "Tracing": "Active",
    "ApiConcurrency": "50",
    "AuthorizerConcurrency": "50",
}


def _bounds(name: str, choice: int) -> dict[str, str]:
    """Return every number at one of its bounds, and every choice at one of its ends."""
    found = {}
    for parameter, declared in {**transformed()["Parameters"], **data()["Parameters"]}.items():
        if name in declared:
            found[parameter] = str(declared[name])
        elif "AllowedValues" in declared:
            found[parameter] = str(declared["AllowedValues"][choice])
    return found


VARIANTS = {
    "defaults": {},
    "everything on": EVERYTHING_ON,
    "a web ACL of its own": {"AddressRateLimit": "300", "CorsAllowOrigins": "https://app.example.com"},
    "all at the least": _bounds("MinValue", 0),
    "all at the most": {**EVERYTHING_ON, **_bounds("MaxValue", -1)},
}


@cache
def stack(variant: str) -> Resolved:
    """Return the stack of the service as it is with one of the sets of parameters."""
    return Resolved(transformed(), VARIANTS[variant])


@cache
def data_stack(variant: str) -> Resolved:
    """Return the stack of the data with the same parameters."""
    return Resolved(data(), VARIANTS[variant])


def of_type(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the properties of every resource of a type in every variant of the service, with its name."""
    return [pair for one in VARIANTS for pair in stack(one).of_type(kind).items()]


def files_of_policies() -> dict[str, dict[str, Any]]:
    """Return the policies that people attach to identities of their own, by file name."""
    folder = PROJECT / "infra" / "policies"
    return {file.name: json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))}
