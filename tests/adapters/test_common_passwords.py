"""The list of common passwords: what is in it is found, what is not is not, and it stays small."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.common_passwords import FILE, CommonPasswordFile, file_content
from chalicelib.domain.accounts.password_rules import comparable_form
from infra.__main__ import main
from infra.common_passwords import LARGEST_FILE


@pytest.mark.parametrize(
    "password", ["123456789012345", "passwordpassword", "PasswordPassword", "qwertyuiopasdfghjkl"]
)
def test_the_list_that_is_shipped_knows_what_everybody_uses(password: str) -> None:
    assert CommonPasswordFile().contains(comparable_form(password))


@pytest.mark.parametrize("password", ["a kettle sings at noon", "open the gate, please", "", "\ud800"])
def test_the_list_that_is_shipped_lets_others_pass(password: str) -> None:
    assert not CommonPasswordFile().contains(password)


def test_the_list_that_is_shipped_is_large_and_its_file_is_not() -> None:
    assert len(CommonPasswordFile()) > 300_000
    assert FILE.stat().st_size <= LARGEST_FILE
    assert "MIT License" in FILE.with_suffix(".LICENSE").read_text("utf-8")


@given(st.sets(st.text(max_size=8), max_size=50), st.sets(st.text(min_size=9, max_size=12), max_size=50))
def test_a_file_holds_what_it_was_made_of(
    tmp_path_factory: pytest.TempPathFactory, held: set[str], other: set[str]
) -> None:
    path = tmp_path_factory.mktemp("list") / "list.bin"
    path.write_bytes(file_content(held))
    found = CommonPasswordFile(path)
    assert all(found.contains(one) for one in held)
    assert not any(found.contains(one) for one in other)
    assert len(found) == len(held)


def build(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["common-passwords", *map(str, arguments)])
    return result.exit_code, result.output


def test_the_command_filters_by_length_and_repeats_itself(tmp_path: Path) -> None:
    source, first, second = tmp_path / "list.txt", tmp_path / "1.bin", tmp_path / "2.bin"
    source.write_bytes(b"tooshort\nlong enough to be kept\r\nstra\xdfe und latin-1\n")
    code, output = build(source, "--output", first)
    assert (code, output) == (0, f"Wrote 2 passwords to {first} (262,154 bytes).\n")
    build(source, source, "--output", second)
    assert first.read_bytes() == second.read_bytes()
    assert CommonPasswordFile(first).contains(comparable_form("Stra\xdfe und Latin-1"))


def test_the_command_refuses_what_makes_no_list(tmp_path: Path) -> None:
    source, output = tmp_path / "list.txt", tmp_path / "list.bin"
    source.write_text("short\n")
    code, text = build(source, "--output", output)
    assert (code, text) == (1, "Error: The sources have no password of 15 characters or more.\n")
    source.write_text("\n".join(f"password number {at}" for at in range(450_000)))
    code, text = build(source, "--output", output)
    assert code == 1
    assert "raise --min-length" in text
    assert not output.exists()
