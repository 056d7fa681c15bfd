"""What README.md claims is true of the code."""

from __future__ import annotations

import re
from pathlib import Path

import click

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
    named = set(re.findall(r"^\| `python -m infra ([a-z]+)(?: ([a-z]+))?", README, re.MULTILINE))
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
    named = re.findall(r"^(\S+/|app\.py)(?:, (\S+/))?  ", section, re.MULTILINE)
    assert len(named) == 8
    for first, second in named:
        assert (ROOT / first).exists(), first
        assert not second or (ROOT / first).parent.joinpath(second).exists(), second
    (test,) = re.findall(r"-m pytest (\S+)", section)
    assert (ROOT / test).exists()


def test_every_role_of_a_function_is_described_with_the_items_that_it_reaches() -> None:
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    rows = {row[1].strip(): row[0] for row in re.finditer(r"^\| ([A-Za-z]+) \|.*$", page, re.MULTILINE)}
    for policy in (ROOT / ".chalice").glob("policy-*.json"):
        function = policy.stem.removeprefix("policy-")
        row = rows[function.upper() if function == "api" else function]
        text = policy.read_text(encoding="utf-8")
        for prefix in set(re.findall(r"\"([A-Z]+#)\*\"", text)):
            assert f"`{prefix}`" in row, f"{function}: {prefix}"
        assert ("sqs:" in text) == ("queue" in row), function
