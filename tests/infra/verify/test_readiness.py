"""An API is judged once it is known everywhere, and not before."""

from __future__ import annotations

import pytest
import requests

from infra.verify import readiness
from infra.verify.readiness import wait_until_ready

OURS, GATEWAY_S = (401, '{"error": "unauthorized"}'), (403, '{"message": "Missing Authentication Token"}')


class Edge:
    """Answers in turn, with a clock that only `sleep` advances."""

    def __init__(self, answers: list[tuple[int, str] | None]) -> None:
        self.now, self.asked, self._answers = 0.0, 0, answers

    def get(self, url: str, timeout: float) -> requests.Response:
        answer = requests.Response()
        if url.endswith("/health"):
            answer.status_code = 200
            return answer
        given = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if given is None:
            raise requests.ConnectionError
        answer.status_code, answer._content = given[0], given[1].encode()
        return answer

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def wait(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(readiness.requests, "get", edge.get)  # type: ignore[attr-defined]
    return wait_until_ready("https://api.example", edge.sleep, lambda: edge.now)


def test_three_good_answers_in_a_row_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = Edge([OURS])
    assert wait(edge, monkeypatch)
    assert (edge.asked, edge.now) == (3, 10)


def test_one_edge_that_knows_the_api_is_not_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = Edge([GATEWAY_S, None, OURS, OURS, GATEWAY_S, (401, "<html>"), (401, "[]"), OURS, OURS, OURS])
    assert wait(edge, monkeypatch)
    assert edge.asked == 10


@pytest.mark.parametrize("answer", [GATEWAY_S, None, (200, "{}"), (401, '{"error": "invalid_token"}')])
def test_after_three_minutes_it_gives_up(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str] | None
) -> None:
    edge = Edge([OURS, OURS, answer])
    assert not wait(edge, monkeypatch)
    assert edge.now == 180
