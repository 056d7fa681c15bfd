"""What is remembered about mails, in the fakes and in the table alike; and the queue."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from chalicelib.adapters.aws import sqs
from chalicelib.adapters.mail.sqs_queue import NoMailQueue, SqsMailQueue
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.deadline import time_limit
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.mail_delivery import CLAIM_SECONDS, Claim, Outbox, UndeliverableAddresses
from chalicelib.domain.mail_messages import Report, read_message
from tests.fake_aws import Aws, aws_behind_one_thread, aws_in_process
from tests.fake_mail import FakeOutbox, FakeUndeliverableAddresses
from tests.fakes import START, FakeClock
from tests.mail_requests import mail_request

MESSAGE, YEAR = "0" * 32, 365 * 86_400
ALICE = SignInName.of("alice@example.com")


@dataclass(frozen=True)
class MailStore:
    outbox: Outbox
    undeliverable: UndeliverableAddresses


@pytest.fixture(params=["fake", "moto"])
def store(request: pytest.FixtureRequest) -> Iterator[MailStore]:
    with ExitStack() as stack:
        if request.param == "fake":
            yield MailStore(FakeOutbox(), FakeUndeliverableAddresses())
            return
        adapters = stack.enter_context(aws_in_process()).services(FakeClock()).adapters
        yield MailStore(adapters.outbox, adapters.undeliverable_addresses)


def test_one_delivery_at_a_time_has_the_claim(store: MailStore) -> None:
    assert store.outbox.claim(MESSAGE, START) is Claim.GRANTED
    assert store.outbox.claim(MESSAGE, START + CLAIM_SECONDS - 1) is Claim.HELD
    assert store.outbox.claim("1" * 32, START) is Claim.GRANTED
    assert store.outbox.claim(MESSAGE, START + CLAIM_SECONDS) is Claim.GRANTED
    assert store.outbox.claim(MESSAGE, START + CLAIM_SECONDS) is Claim.HELD


def test_a_mark_stays(store: MailStore) -> None:
    store.outbox.claim(MESSAGE, START)
    store.outbox.mark_done(MESSAGE, START)
    store.outbox.mark_done(MESSAGE, START + 1)
    for later in (0, CLAIM_SECONDS, 86_400):
        assert store.outbox.claim(MESSAGE, START + later) is Claim.DONE


def test_a_mark_without_a_claim_counts(store: MailStore) -> None:
    store.outbox.mark_done(MESSAGE, START)
    assert store.outbox.claim(MESSAGE, START) is Claim.DONE


def test_an_address_is_stopped_for_a_year(store: MailStore) -> None:
    addresses = store.undeliverable
    assert not addresses.contains(ALICE, START)
    addresses.add(ALICE, Report.BOUNCE, START)
    assert addresses.contains(ALICE, START + YEAR - 1)
    assert not addresses.contains(ALICE, START + YEAR)
    assert not addresses.contains(SignInName.of("bob@example.com"), START)


def test_a_late_report_does_not_shorten_a_newer_one(store: MailStore) -> None:
    store.undeliverable.add(ALICE, Report.COMPLAINT, START + 100)
    store.undeliverable.add(ALICE, Report.BOUNCE, START)
    assert store.undeliverable.contains(ALICE, START + YEAR)


def test_an_address_can_be_mailed_again(store: MailStore) -> None:
    assert not store.undeliverable.remove(ALICE)
    store.undeliverable.add(ALICE, Report.BOUNCE, START)
    assert store.undeliverable.remove(ALICE)
    assert not store.undeliverable.contains(ALICE, START)
    assert not store.undeliverable.remove(ALICE)


def test_of_many_deliveries_at_once_one_has_the_claim() -> None:
    with aws_behind_one_thread() as aws, ThreadPoolExecutor(8) as pool:
        outbox = aws.services(FakeClock()).adapters.outbox
        answers = list(pool.map(lambda _: outbox.claim(MESSAGE, START), range(16)))
    assert sorted(answers, key=str).count(Claim.GRANTED) == 1
    assert set(answers) == {Claim.GRANTED, Claim.HELD}


def test_items_hold_no_address_and_expire(aws: Aws) -> None:
    adapters = aws.services(FakeClock()).adapters
    adapters.outbox.claim(MESSAGE, START)
    adapters.undeliverable_addresses.add(ALICE, Report.BOUNCE, START)
    items = aws.dynamodb.scan(TableName=aws.settings.users_table)["Items"]
    ours = {item["pk"]["S"].partition("#")[0]: item for item in items}
    assert int(ours["OUTBOX"]["ttl"]["N"]) == START + 14 * 86_400
    assert int(ours["ADDRESS"]["ttl"]["N"]) == START + YEAR
    assert "example.com" not in str(items)


def test_a_request_goes_through_the_queue(aws: Aws) -> None:
    client = sqs(aws.settings.aws_region)
    url = client.create_queue(QueueName="mail")["QueueUrl"]
    request = mail_request(MailKind.SIGN_UP, address="jörg@example.com")
    SqsMailQueue(client, url).enqueue(request)
    (message,) = client.receive_message(QueueUrl=url)["Messages"]
    assert read_message(message["Body"]) == request


def test_a_queue_that_cannot_be_reached_is_an_outage(aws: Aws) -> None:
    queue = SqsMailQueue(sqs(aws.settings.aws_region), "https://sqs.us-east-1.amazonaws.com/1/none")
    with pytest.raises(Unavailable) as refused:
        queue.enqueue(mail_request(MailKind.SIGN_UP))
    assert "NonExistentQueue" in refused.value.reason


def test_no_attempt_begins_that_could_outlast_the_function(aws: Aws) -> None:
    client = sqs(aws.settings.aws_region)
    url = client.create_queue(QueueName="mail")["QueueUrl"]
    with time_limit(0.5, lambda: 0.0), pytest.raises(Unavailable, match="out of time"):
        SqsMailQueue(client, url).enqueue(mail_request(MailKind.SIGN_UP))
    assert "Messages" not in client.receive_message(QueueUrl=url)


def test_without_a_queue_nothing_is_queued() -> None:
    NoMailQueue().enqueue(mail_request(MailKind.SIGN_UP))
