"""The next steps that a deploy prints."""

from __future__ import annotations

import pytest

from infra.verify.hints import DNS_TARGET, MAIL_SENDER, WEB_ACL, hints, print_next_steps, way_back
from infra.verify.look import Deployed
from tests.infra.template.calls import SENDER
from tests.infra.template.packaged import transformed
from tests.infra.template.resolved import Resolved

MAIL, LIMIT = "Nothing is mailed yet", "Nothing limits requests by address yet"
COPIES = "No copies are reserved for the API function"
URL = "https://auth.example.com"


def deployed(outputs: dict[str, str], **values: str) -> Deployed:
    return Deployed("prod", "eu-west-1", values, outputs, lambda _: None)


@pytest.mark.parametrize(
    ("outputs", "copies", "missing"),
    [
        ({}, "0", [MAIL, LIMIT, COPIES]),
        ({MAIL_SENDER: SENDER}, "100", [LIMIT]),
        ({WEB_ACL: "arn"}, "100", [MAIL]),
        ({MAIL_SENDER: SENDER, WEB_ACL: "arn"}, "100", []),
    ],
)
def test_what_is_missing_is_printed_with_a_command(
    outputs: dict[str, str], copies: str, missing: list[str]
) -> None:
    found = list(hints(deployed(outputs, ApiConcurrency=copies)))
    assert [one.partition(" (")[0].partition(":")[0] for one in found] == missing
    assert all(" make deploy STAGE=prod" in one for one in found)


def test_a_new_domain_is_printed_with_the_target_of_its_record(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = {"EndpointURL": f"{URL}/", DNS_TARGET: "d1.cloudfront.net"}
    print_next_steps(deployed(outputs))
    assert "auth.example.com is a CNAME or alias of d1.cloudfront.net\n" in capsys.readouterr().out
    assert "If its domain does not lead to d1.cloudfront.net yet" in way_back(outputs)
    assert way_back({}) == "To go back to the release before: the same command with ROLLBACK=1."


def test_the_stack_tells_its_sender_where_it_has_one() -> None:
    assert Resolved(transformed(), {"MailFrom": SENDER}).outputs[MAIL_SENDER]["Value"] == SENDER
    assert MAIL_SENDER not in Resolved(transformed()).outputs
