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


def test_the_readmes_own_function_is_what_it_says() -> None:
    """The five lines register, with the authorizer, in a Chalice app."""
    source = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert source is not None
    namespace: dict[str, object] = {"__name__": "chalicelib.api.reports"}
    exec(compile(source[1], "README.md", "exec"), namespace)  # noqa: S102 - our own documentation
    assert callable(namespace["reports"])


def test_the_text_speaks_of_the_project_alone() -> None:
    """No path of a machine, and no placeholder, stands in what is published."""
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"/work/|/root/|\b[A-Z]+_OUTPUT\b|\bOUT_[A-Z0-9]+\b|[A-Z]+_TABLE\n", text), (
            page.name
        )
