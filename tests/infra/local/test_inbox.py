"""Mail of the local stack: from the queue through the mail function into the inbox."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from threading import Event
from threading import enumerate as all_threads
from typing import Any

import pytest

from chalicelib.domain.mail import MailKind
from chalicelib.services import AwsAdapters, get_services
from chalicelib.settings import Settings
from infra.local.inbox.mailbox import Entry, read_message
from infra.local.inbox.page import html_page
from infra.local.inbox.poller import MailPoller
from infra.local.stack.local_stack import LocalStack
from tests.infra.local.test_http import get, send
from tests.mail_requests import CODE, mail_request

DEMO, NEW = "demo@example.com", "new@example.com"
QUICK = {"BCRYPT_COST": "4", "SERVICE_NAME": "<b>Ä & Co</b>"}
REQUESTS = [
    (MailKind.SIGN_UP, NEW, "en"),
    (MailKind.PASSWORD_RESET, DEMO, "de"),
    (MailKind.SIGN_UP, DEMO, "fr"),
    (MailKind.PASSWORD_RESET, "nobody@example.com", "en"),
    (MailKind.EMAIL_CHANGED, NEW, "de-at,en"),
]


def port_of(stack: LocalStack) -> int:
    return int(stack.api_url.rpartition(":")[2])


def enqueue(*requests: tuple[MailKind, str, str]) -> None:
    for kind, address, language in requests:
        request = mail_request(kind, address=address, language=language, created_at=int(time.time()))
        get_services().adapters.mail_queue.enqueue(request)


def inbox(stack: LocalStack) -> list[dict[str, Any]]:
    status, headers, body = get(port_of(stack), "/_local/inbox.json")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    read: list[dict[str, Any]] = json.loads(body)
    return read


def wait_for_mails(stack: LocalStack, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(inbox(stack)) < count:
        assert time.monotonic() < deadline


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(environment=QUICK) as running:
        assert inbox(running) == []
        assert b"No mail has been sent yet." in get(port_of(running), "/_local/inbox")[2]
        enqueue(*REQUESTS)
        wait_for_mails(running, len(REQUESTS) - 1)
        yield running


def test_a_process_beside_the_stack_queues_mails_too(stack: LocalStack, tmp_path: Path) -> None:
    """As `chalice local` does, by the file that the stack writes."""
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(stack.describe()), encoding="utf-8")
    settings = Settings.from_environment({"GATEHOUSE_STACK_FILE": str(file)})
    assert (
        settings.mail_queue_url.rpartition("/")[2] == stack.environment["MAIL_QUEUE_URL"].rpartition("/")[2]
    )
    AwsAdapters(settings).mail_queue.enqueue(
        mail_request(MailKind.PASSWORD_RESET, address="nobody@example.com")
    )


def test_the_inbox_has_what_was_mailed_newest_first(stack: LocalStack) -> None:
    mails = inbox(stack)
    assert [set(mail) for mail in mails] == [{"to", "subject", "text", "code"}] * 4
    assert [(mail["to"], mail["code"]) for mail in mails] == [
        (NEW, None),
        (DEMO, None),
        (DEMO, CODE),
        (NEW, CODE),
    ]
    assert mails[0]["subject"] == "Ihre E-Mail-Adresse bei <b>Ä & Co</b> wurde geändert"
    assert mails[1]["subject"] == "You already have an account at <b>Ä & Co</b>"
    assert CODE in mails[2]["text"]


class Page(HTMLParser):
    """Collects elements with their attributes, and the text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_page_has_landmarks_headings_and_languages_and_loads_nothing(stack: LocalStack) -> None:
    status, headers, body = get(port_of(stack), "/_local/inbox?x=1")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    page = Page(body)
    assert page.named("html") == [{"lang": "en"}]
    assert [len(page.named(tag)) for tag in ("main", "header", "nav", "h1", "title")] == [1] * 5
    assert [one["lang"] for one in page.named("article")] == ["de", "en", "de", "en"]
    headings = [one["id"] for one in page.named("h2")]
    assert headings == [one["aria-labelledby"] for one in page.named("article")]
    assert not {"script", "link", "img", "iframe", "form", "b"} & {name for name, _ in page.elements}
    assert [one["href"] for one in page.named("a")] == ["#mails", "/_local/inbox", "/_local/inbox.json"]
    assert "You already have an account at <b>Ä & Co</b>" in page.text


def test_nothing_in_a_mail_becomes_an_element() -> None:
    hostile = '"><script>alert(1)</script>$code</pre>'
    page = Page(html_page([Entry(hostile, hostile, hostile, hostile, hostile)]))
    assert page.named("script") == []
    assert page.text.count(hostile) == 4


@pytest.mark.parametrize("target", ["/_local/inbox/", "/_local", "/_local/inbox.jsonx", "/%5Flocal/inbox"])
def test_any_other_path_is_the_gateways(stack: LocalStack, target: str) -> None:
    assert get(port_of(stack), target)[0] == 404


def test_any_other_method_is_the_gateways(stack: LocalStack) -> None:
    request = b"POST /_local/inbox HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    assert send(port_of(stack), request)[0] == 404


def test_head_has_no_body(stack: LocalStack) -> None:
    status, headers, body = send(port_of(stack), b"HEAD /_local/inbox HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 0


def test_a_message_without_text_or_headers_is_shown() -> None:
    assert read_message("To: a@example.com\r\n\r\n") == Entry("a@example.com", "", "", None, "en")


def test_the_poller_ends_with_the_stack() -> None:
    def pollers() -> int:
        return sum(thread.name == "mail" for thread in all_threads())

    before = pollers()
    with LocalStack(environment=QUICK):
        assert pollers() == before + 1
    assert pollers() == before


class FakeSqs:
    """Has batches of messages, each of which is received once. `done` is set when it has deleted `wanted`."""

    def __init__(self, *batches: list[str], wanted: int) -> None:
        self.batches = list(batches)
        self.deleted: list[str] = []
        self.wanted = wanted
        self.done = Event()
        self.closed = False

    def receive_message(self, **_: Any) -> dict[str, Any]:
        """Return a batch."""
        batch = self.batches.pop(0) if self.batches else []
        return {"Messages": [{"MessageId": one, "Body": one, "ReceiptHandle": f"r{one}"} for one in batch]}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803 - boto3's names
        """Note a deletion."""
        self.deleted.append(f"{QueueUrl} {ReceiptHandle}")
        if len(self.deleted) == self.wanted:
            self.done.set()

    def close(self) -> None:
        """Note the end."""
        self.closed = True


def test_what_the_function_returns_stays_in_the_queue() -> None:
    sqs, events = FakeSqs(["1", "2"], ["3"], wanted=2), []

    def function(event: dict[str, Any]) -> dict[str, Any]:
        events.append([record["body"] for record in event["Records"]])
        return {"batchItemFailures": [{"itemIdentifier": "2"}]}

    poller = MailPoller(sqs, "url", function)
    poller.start()
    poller.wake()
    assert sqs.done.wait(10)
    poller.stop()
    assert events == [["1", "2"], ["3"]]
    assert sqs.deleted == ["url r1", "url r3"]
    assert sqs.closed


def test_a_function_that_raises_keeps_its_messages_and_stops_nothing() -> None:
    sqs, calls = FakeSqs(["1"], ["2"], wanted=1), []

    def function(event: dict[str, Any]) -> dict[str, Any]:
        calls.append(event)
        if len(calls) == 1:
            poller.wake()
            raise ZeroDivisionError
        return {"batchItemFailures": []}

    poller = MailPoller(sqs, "url", function)
    poller.start()
    poller.wake()
    assert sqs.done.wait(10)
    poller.stop()
    assert sqs.deleted == ["url r2"]
