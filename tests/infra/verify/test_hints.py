"""What a deploy says is missing."""

from __future__ import annotations

import pytest

from infra.verify.hints import MAIL_SENDER, WEB_ACL, hints
from tests.infra.template.calls import SENDER
from tests.infra.template.packaged import transformed
from tests.infra.template.resolved import Resolved

MAIL, LIMIT = "Nothing is mailed yet", "Nothing limits requests by address yet"


@pytest.mark.parametrize(
    ("outputs", "missing"),
    [
        ({}, [MAIL, LIMIT]),
        ({MAIL_SENDER: SENDER}, [LIMIT]),
        ({WEB_ACL: "arn"}, [MAIL]),
        ({MAIL_SENDER: SENDER, WEB_ACL: "arn"}, []),
    ],
)
def test_what_is_not_there_is_told_with_a_command(outputs: dict[str, str], missing: list[str]) -> None:
    found = list(hints("prod", outputs))
    assert [one.partition(" (")[0].partition(":")[0] for one in found] == missing
    assert all(" make deploy STAGE=prod" in one for one in found)


def test_the_stack_tells_its_sender_where_it_has_one() -> None:
    assert Resolved(transformed(), {"MailFrom": SENDER}).outputs[MAIL_SENDER]["Value"] == SENDER
    assert MAIL_SENDER not in Resolved(transformed()).outputs
