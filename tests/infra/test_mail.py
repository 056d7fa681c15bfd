"""`python -m infra mail`: the texts, and addresses that are mailed again."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail_messages import Report
from chalicelib.domain.mail_texts import TextKind
from chalicelib.services import get_services
from infra.__main__ import main
from tests.blackbox.local_deployment import staged


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["mail", *arguments])


def test_every_text_is_printed() -> None:
    result = run("preview")
    assert result.exit_code == 0, result.output
    titles = [line.removeprefix("== ") for line in result.output.splitlines() if line.startswith("== ")]
    assert titles == [f"{language}/{kind}" for language in ("de", "en") for kind in TextKind]


def test_one_text_is_printed_with_its_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_NAME", "Example")
    result = run("preview", "--kind", "sign_up", "--language", "en")
    assert result.output.splitlines()[:5] == [
        "== en/sign_up",
        "Subject: Confirm your e-mail address for Example",
        "",
        "Your code for Example is:",
        "",
    ]


def test_the_html_of_one_text_is_written(tmp_path: Path) -> None:
    file = tmp_path / "mail.html"
    result = run("preview", "--kind", "invited", "--language", "de", "--html", str(file))
    assert (result.exit_code, result.output) == (0, f"Wrote {file}.\n")
    assert file.read_text(encoding="utf-8").startswith('<!DOCTYPE html>\n<html lang="de">')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--html", "x.html"), "--html needs one --kind and one --language."),
        (("--language", "fr"), "There is no language fr: chalicelib/mail_texts has de, en."),
    ],
)
def test_what_cannot_be_shown_is_said(arguments: tuple[str, ...], message: str) -> None:
    result = run("preview", *arguments)
    assert (result.exit_code, result.output) == (1, f"Error: {message}\n")


def test_an_address_is_mailed_again(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stopped = get_services().adapters.undeliverable_addresses
        stopped.add(SignInName.of("ada@example.com"), Report.BOUNCE, 1)
        for said in ("ADA@example.com is mailed again.\n", "Mails to ADA@example.com were not stopped.\n"):
            assert stage.operate("mail", "allow", "ADA@example.com").stdout == said
