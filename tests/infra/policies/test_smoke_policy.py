"""`infra/policies/smoke.json`; a deployed stage shows that it suffices (tests/infra/deploy)."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from tests.infra.operate.people import document


def test_the_smoke_test_reads_no_password_hash() -> None:
    for statement in document("smoke")["Statement"]:
        if any(re.search("Get|Query|Scan", one) for one in statement["Action"]):
            keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            assert not any(fnmatchcase("PASSWORD#u", one) for one in keys)
