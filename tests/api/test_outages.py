"""Every call that any flow makes, made to fail: the answer is a 503, and never a no or a yes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.services import override_services
from tests.api.events import REGION, Denied, Gateway
from tests.api.flows import FLOWS, Flow, Prepare, refresh, sign_in
from tests.fakes import FakeAdapters, FakeServices, Remote, fake_services

PORTS = ("store", "keys", "mail_queue")


def new_services() -> FakeServices:
    return fake_services(FakeAdapters(), aws_region=REGION, max_sessions=2)


def calls_of(prepare: Prepare) -> Iterator[tuple[str, str]]:
    """The calls to remote ports that a flow makes where nothing fails."""
    services = new_services()
    with override_services(services):
        flow = prepare(Gateway(services))
        for port in PORTS:
            getattr(services.adapters, port).calls.clear()
        assert flow().status == FLOWS[prepare]
    for port in PORTS:
        yield from ((port, method) for method in getattr(services.adapters, port).calls)


AFTERWARDS = "remove_rest"
"""Called once the change is made: its failure is none of the request."""
STEPS = [
    (prepare, port, method) for prepare in FLOWS for port, method in calls_of(prepare) if method != AFTERWARDS
]


@pytest.mark.parametrize("switch", ["down", "mute"])
@pytest.mark.parametrize(
    ("prepare", "port", "method"),
    STEPS,
    ids=[f"{one.__name__}-{port}-{method}" for one, port, method in STEPS],
)
def test_a_call_that_fails_is_an_outage_and_passes(
    prepare: Prepare, port: str, method: str, switch: str
) -> None:
    services = new_services()
    with override_services(services):
        flow = prepare(Gateway(services))
        remote: Remote = getattr(services.adapters, port)
        setattr(remote, switch, {method})
        assert is_outage(flow)
        setattr(remote, switch, set())
        if switch == "down":
            assert flow().status == FLOWS[prepare], "nothing was lost"
        else:
            assert not is_outage(flow)


def is_outage(flow: Flow) -> bool:
    try:
        answer = flow()
    except Denied:
        return False
    except Unavailable:
        return True  # the authorizer's; the gateway answers 503 for it
    if answer.status < 500:
        return False
    assert answer.error == (503, "temporarily_unavailable")
    assert dict(answer.headers) == {"Cache-Control": "no-store", "Pragma": "no-cache", "Retry-After": "5"}
    return True


@pytest.mark.parametrize("switch", ["down", "mute"])
def test_a_refresh_during_an_outage_ends_no_session(switch: str) -> None:
    services = new_services()
    with override_services(services):
        flow = refresh(Gateway(services))
        methods = [method for prepare, port, method in STEPS if prepare is refresh and port == "store"]
        for method in methods * 3:
            setattr(services.adapters.store, switch, {method})
            assert is_outage(flow) or flow().status == 200
        setattr(services.adapters.store, switch, set())
        token = flow().json["refresh_token"]
        assert Gateway(services).token(grant_type="refresh_token", refresh_token=token).status == 200


@pytest.mark.parametrize("prepare", FLOWS)
def test_with_everything_down_every_flow_is_an_outage_and_health_is_not(prepare: Prepare) -> None:
    services = new_services()
    with override_services(services):
        flow = prepare(Gateway(services))
        for port in PORTS:
            remote: Remote = getattr(services.adapters, port)
            remote.down = {name for name in dir(remote) if not name.startswith("_")}
        assert is_outage(flow)
        assert Gateway(services).send("GET", "/health").status == 200


@pytest.mark.parametrize("broken", ["hasher", "codec", "entropy", "audit"])
def test_what_breaks_in_the_function_itself_is_a_500(broken: str) -> None:
    """None of these ever should; that they did is no fault of the credentials, and no outage."""
    services = new_services()
    with override_services(services):
        flow = sign_in(Gateway(services))
        setattr(services.adapters, broken, None)
        answer = flow()
    assert answer.error == (500, "server_error")
    assert dict(answer.headers) == {"Cache-Control": "no-store", "Pragma": "no-cache"}


def test_the_steps_are_those_that_there_are() -> None:
    methods = {(prepare.__name__, method) for prepare, _, method in STEPS}
    assert {("sign_in", "begin"), ("sign_in", "current"), ("sign_in", "open")} <= methods
    assert {
        ("refresh", "session_and_account"),
        ("refresh", "rotate"),
        ("me", "for_kid"),
        ("me", "session"),
    } <= methods
    assert ("refresh_with_a_stolen_token", "end") in methods
    assert ("look_at_an_account", "account") in methods
