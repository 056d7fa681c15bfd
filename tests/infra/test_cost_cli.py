"""The command, as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from infra.cost.cli import cost


def run(*arguments: str, command: click.Command = cost) -> Result:
    return CliRunner().invoke(command, arguments)


def as_json(*arguments: str) -> dict[str, float]:
    found: dict[str, float] = json.loads(run(*arguments, "--json").stdout)
    return found


def test_it_prints_rows_and_a_total() -> None:
    result = run("--users", "10000", "--calls", "12000000")
    assert result.exit_code == 0
    assert "API Gateway REST, requests" in result.stdout
    assert any(line.startswith("total") and line.endswith("58.34") for line in result.stdout.splitlines())


def test_it_names_the_prices_that_nobody_confirmed() -> None:
    assert "DynamoDB on demand, write request units" in run("--users", "1").stdout.splitlines()[-1]


def test_nobody_costs_what_stands() -> None:
    assert as_json("--users", "0")["total"] == pytest.approx(4.50)


def test_json_holds_the_same_sum() -> None:
    found = json.loads(run("--users", "1000", "--json").stdout)
    lines = [line["usd"] for line in found["lines"] if line["part"] != "your functions behind the calls"]
    assert sum(lines) == pytest.approx(found["total"])


def test_options_change_the_sum() -> None:
    usual = as_json("--users", "1000")["total"]
    assert as_json("--users", "1000", "--cache-seconds", "0")["total"] > usual
    assert as_json("--users", "1000", "--sign-ins", "100000")["total"] > usual
    assert as_json("--users", "1000", "--architecture", "arm64")["total"] < usual
    assert as_json("--users", "1000", "--free-tier")["total"] < usual


def test_the_most_users_there_can_be() -> None:
    assert as_json("--users", str(10**12))["total"] > 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--users", "many"],
        ["--users", "-1"],
        ["--users", "1" + "0" * 400],
        ["--users", "1", "--calls", "1.5"],
        ["--users", "1", "--cache-seconds", "3601"],
        ["--users", "1", "--region", "mars"],
        ["--users", "1", "--architecture", "z80"],
        ["--users", "1", "--frobnicate"],
        ["--users", "1", "2"],
        ["--write-docs", "no-such-folder"],
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_help_names_every_option_and_an_example() -> None:
    text = run("--help").stdout
    options = ["--users", "--calls", "--sign-ins", "--cache-seconds", "--region", "--free-tier", "--json"]
    assert all(option in text for option in [*options, "Example:"])


def test_it_works_below_another_command() -> None:
    group = click.Group("infra", commands=[cost])
    assert run("cost", "--users", "1", command=group).exit_code == 0
    assert run("cost", "--users", "x", command=group).exit_code == 2


def test_it_writes_the_pages(tmp_path: Path) -> None:
    assert run("--write-docs", str(tmp_path)).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cost.md", "scale.md"]
