"""What README.md claims is true of the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click
from chalice.app import RouteEntry

from app import app
from infra.__main__ import main
from infra.readme import settings_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_readme_with_unit_and_default() -> None:
    assert settings_table() in README


def test_every_link_leads_to_a_file() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_in_the_operators_table_exists() -> None:
    named = set(re.findall(r"^\| `python -m infra ([a-z-]+)(?: ([a-z-]+))?", README, re.MULTILINE))
    assert named
    for group, command in named:
        found = main.commands[group]
        if command and isinstance(found, click.Group):
            assert command in found.commands


def test_the_text_speaks_of_the_project_alone() -> None:
    """No path of a machine, and no placeholder, stands in what is published."""
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"/work/|/root/|\b[A-Z]+_OUTPUT\b|\bOUT_[A-Z0-9]+\b|[A-Z]+_TABLE\n", text), (
            page.name
        )


def test_every_place_that_a_developer_is_sent_to_exists() -> None:
    section = README.partition("\n## Developing\n")[2].partition("\n## ")[0]
    (test,) = re.findall(r"-m pytest (\S+)", section)
    assert (ROOT / test).exists()


def access(entry: RouteEntry) -> str:
    """Return what a route requires, in the words of the README's table."""
    if entry.authorizer is None:
        return "public"
    view = inspect.unwrap(entry.view_function, stop=lambda one: hasattr(one, "permissions"))
    kind = "session" if view.takes_session else "token"
    return " ".join(f"`{one}`" for one in view.permissions) or kind


def test_every_route_is_in_the_table_with_its_access() -> None:
    """Leave out OPTIONS, HEAD and the handlers that refuse another method."""
    served = {
        (f"{method} {path}", access(entry))
        for path, entries in app.routes.items()
        for method, entry in entries.items()
        if method not in {"OPTIONS", "HEAD"}
        and not inspect.unwrap(entry.view_function).__name__.endswith("_by_another_method")
    }
    table = README.partition("\n## Routes\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z]+ [^`]+)` \| ([^|]+) \|", table, re.MULTILINE)) == served


def test_the_compared_prices_are_those_of_the_cost_page() -> None:
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    rows = [re.findall(r"[0-9.,]+", row) for row in re.findall(r"^\| 100?,000 \|.*$", page, re.MULTILINE)]
    (compared,) = re.findall(r"^\| US\$ a month for 10,000 and 100,000 users \|(.*)$", README, re.MULTILINE)
    assert re.findall(r"[0-9]+\.[0-9]{2}", compared) == [
        price for column in (1, 2, 4, 5) for price in (rows[0][column], rows[1][column])
    ]


def test_every_role_of_a_function_is_described_with_the_items_that_it_reaches() -> None:
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    rows = {row[1].strip(): row[0] for row in re.finditer(r"^\| ([A-Za-z]+) \|.*$", page, re.MULTILINE)}
    for function in ("api", "authorizer", "rotation", "mail"):
        policy = ROOT / ".chalice" / f"policy-{function}.json"
        row = rows[function.upper() if function == "api" else function]
        text = policy.read_text(encoding="utf-8")
        for prefix in set(re.findall(r"\"([A-Z]+#)\*\"", text)):
            assert f"`{prefix}`" in row, f"{function}: {prefix}"
        assert ("sqs:" in text) == ("queue" in row), function
