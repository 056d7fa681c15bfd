"""The rows of `make bench` whose numbers do not depend on the machine."""

from __future__ import annotations

import pytest

from tests.bench.bench import API, AUTHORIZER, Bench, form_event
from tests.bench.measure import Measured, NotMeasuredError, Row
from tests.bench.proxy import Call, Recorder, recording
from tests.bench.registry import ROWS
from tests.bench.rows.size import loaded

LIMITS = {"trips-revoke": 2, "late-modules": 0, "log-bytes": 320, "allocations": 60}
"""For rows without a mark, or that do not reach theirs yet. Lower these numbers, never raise them."""
NOT_IN_THE_AUTHORIZER = {"app", "bcrypt", "idna", "cryptography", "chalicelib.adapters.bcrypt_hasher"}


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_exact], ids=lambda row: row.name)
def test_exact_rows_reach_their_marks(bench: Bench, row: Row) -> None:
    try:
        measured = row.measure(bench)
    except NotMeasuredError as reason:
        pytest.skip(str(reason))
    limit = LIMITS.get(row.name, row.mark)
    assert limit is not None
    assert row.compared(measured) <= limit, measured.details


def test_every_row_has_a_name_of_its_own_and_every_exact_row_a_limit() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert not [row.name for row in ROWS if row.is_exact and row.mark is None and row.name not in LIMITS]
    assert set(LIMITS) <= set(names)


def test_the_authorizer_loads_neither_routes_nor_password_hashing_in_any_phase(bench: Bench) -> None:
    modules = loaded(bench, AUTHORIZER)
    assert "chalicelib.api.authorizer" in modules
    late = next(row for row in ROWS if row.name == "late-modules").measure(bench).details["authorizer"]
    found = modules | set(late)
    assert not found & NOT_IN_THE_AUTHORIZER
    assert not [name for name in found if name.startswith(("chalicelib.api.routes", "chalicelib.accounts"))]


def test_the_proxy_sees_the_first_read_of_the_key(bench: Bench) -> None:
    """What counts no call where one is made would find every mark reached."""
    tree = bench.tree
    with (
        recording(tree.environment["AWS_ENDPOINT_URL"]) as recorder,
        tree.worker(API, AWS_ENDPOINT_URL=recorder.url) as worker,
    ):
        worker.run("load", handler=API)
        event = form_event("/oauth/token", "grant_type=password&username=nobody&password=wrong")
        assert worker.run("invoke", handler=API, event=event).value["statusCode"] == 400
    assert "secretsmanager" in {call.service for call in recorder.calls}
    # At least: what a cold function sends together may start apart.
    assert recorder.in_sequence("dynamodb") >= 2


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([(0, 1), (1, 2), (2, 3)], 3),
        ([(0, 2), (1, 3), (1, 4)], 1),
        ([(0, 1), (2, 5), (3, 4), (6, 7)], 3),
        ([], 0),
    ],
)
def test_calls_that_overlap_count_once(times: list[tuple[float, float]], expected: int) -> None:
    recorder = Recorder("", 0)
    recorder.calls += [Call("dynamodb", "GetItem", {}, {}, 0, 0, *time) for time in times]
    recorder.calls.append(Call("secretsmanager", "GetSecretValue", {}, {}, 0, 0, 9, 10))
    assert recorder.in_sequence("dynamodb") == expected


def test_a_mark_limits_the_ratio_or_the_value_in_the_unit_of_the_row() -> None:
    row = Row("x", "x", "", 100, "MB", lambda _: Measured(0), scale=1e-6)
    assert row.compared(Measured(50e6)) == 50
    assert row.compared(Measured(50e6, floor=25e6)) == 2
