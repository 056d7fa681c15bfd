"""The table, the JSON and the chart, from outcomes that were not measured."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bench.__main__ import main
from tests.bench.chart import CHART, svg
from tests.bench.measure import Measured, Row, interleaved
from tests.bench.registry import ROWS
from tests.bench.report import Outcome, table, write_json


def row(name: str, mark: float | None = 0.5, unit: str = "ms", floor: str = "a floor") -> Row:
    return Row(name, f"title of {name} & co", floor, mark, unit, lambda _: Measured(0), 1e3)


OUTCOMES = [
    Outcome(row("good"), Measured(0.1, 0.4)),
    Outcome(row("bad"), Measured(0.4, 0.1)),
    Outcome(row("absent"), None, "no quota"),
    Outcome(row("shown", None, floor=""), Measured(1.5)),
]


def test_the_table_has_a_line_for_each_row_and_says_which_mark_is_missed() -> None:
    header, good, bad, absent, shown = table(OUTCOMES).splitlines()
    assert header.split() == ["row", "measured", "floor", "ratio", "mark"]
    assert good.split()[-5:] == ["400", "ms", "0.25", "0.5", "ok"]
    assert bad.split()[-5:] == ["100", "ms", "4.00", "0.5", "MISSED"]
    assert absent.endswith("not measured: no quota")
    assert shown.endswith("1,500 ms")


def test_the_json_has_numbers_in_the_unit_of_the_row(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "bench.json", OUTCOMES, {"rounds": 15})
    document = json.loads((tmp_path / "new" / "bench.json").read_text())
    good, bad, absent, shown = document["rows"]
    assert (good["value"], good["floor"], good["is_good"]) == (100, 400, True)
    assert (bad["ratio"], bad["is_good"]) == (pytest.approx(4), False)
    assert absent["not_measured"] == "no quota"
    assert shown["is_good"] is None
    assert document["rounds"] == 15


def test_the_chart_shows_every_row_with_a_mark(tmp_path: Path) -> None:
    write_json(tmp_path / "bench.json", OUTCOMES, {"rounds": 15})
    drawn = svg(json.loads((tmp_path / "bench.json").read_text()))
    texts = [one.text for one in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - ours
    assert "title of good & co" in texts
    assert "title of absent & co" not in texts
    assert "4 of 0.5" in texts


def test_the_chart_in_the_documentation_names_rows_that_exist() -> None:
    drawn = CHART.read_text("utf-8")
    shown = [row for row in ROWS if row.title.replace("&", "&amp;") in drawn]
    assert len(shown) >= 10


def test_samples_are_taken_in_turn_and_medians_of_them_returned() -> None:
    order: list[str] = []
    ours, theirs = iter([3.0, 1.0, 2.0]), iter([30.0, 10.0, 20.0])

    def take(name: str, samples: object) -> float:
        order.append(name)
        return float(next(samples))  # type: ignore[call-overload]

    measured = interleaved(lambda: take("subject", ours), lambda: take("floor", theirs), 3, less=1)
    assert order == ["subject", "floor"] * 3
    assert (measured.value, measured.floor) == (1, 19)


def test_a_row_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no row warmish.*cold-authorizer"):
        main(["--rows", "warmish", "--json", str(tmp_path / "bench.json")])
