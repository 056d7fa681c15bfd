"""Errors: what each of them puts on the wire."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import chalicelib
import chalicelib.api.chalice_errors
from chalicelib.domain import errors
from chalicelib.domain.accounts import errors as account_errors
from chalicelib.domain.accounts import password_errors
from chalicelib.domain.errors import GatehouseError
from tests.source_modules import is_own

WIRE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
"""What RFC 6749 §5.2 allows in `error` and `error_description`."""
SOURCES = [path for path in sorted(Path(chalicelib.__file__).parent.rglob("*.py")) if not is_own(path)]
ABSTRACT = {errors.GatehouseError, errors.OAuthError, errors.BearerError, password_errors.InvalidPassword}


def every_kind(root: type[GatehouseError] = GatehouseError) -> Iterator[type[GatehouseError]]:
    """Yield the domain's own errors; tests of the routes cover those of the framework."""
    yield root
    for kind in root.__subclasses__():
        if kind.__module__ in {errors.__name__, account_errors.__name__, password_errors.__name__}:
            yield from every_kind(kind)


CONCRETE = sorted({kind for kind in every_kind() if kind not in ABSTRACT}, key=lambda kind: kind.__name__)


def make(kind: type[GatehouseError]) -> GatehouseError:
    if issubclass(kind, errors.TooManyAttempts):
        return kind(7)
    return kind("evidence")


def test_the_tree_drawn_in_the_docstring_is_the_tree() -> None:
    trees = f"{errors.__doc__}{account_errors.__doc__}{password_errors.__doc__}"
    drawn = re.findall(r"([A-Z]\w+) +(\d{3}) (\w+)", trees)
    real = {(kind.__name__, str(kind.status), kind.code) for kind in CONCRETE}
    assert {*drawn, ("InvalidAccount", "400", "invalid_request")} == real


@pytest.mark.parametrize("kind", CONCRETE)
def test_code_and_description_have_only_the_characters_of_rfc_6749(kind: type[GatehouseError]) -> None:
    assert WIRE.fullmatch(kind.code)
    assert WIRE.fullmatch(kind.description)


def test_one_status_and_code_has_one_text() -> None:
    """Where several kinds share both, as those that translate a framework's errors do."""
    texts: dict[tuple[int, str], set[str]] = {}
    for kind in every_subclass(errors.GatehouseError):
        if hasattr(kind, "status") and kind.code != errors.InvalidRequest.code:
            texts.setdefault((kind.status, kind.code), set()).add(kind.description)
    assert len(texts) > 10
    assert {key: found for key, found in texts.items() if len(found) > 1} == {}


def test_only_a_malformed_request_has_a_text_of_its_own_at_a_call() -> None:
    """A password that is too short is told the setting, which is the same for the whole deployment."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and any(one.arg == "description" for one in node.keywords):
                assert ast.unparse(node.func) in {
                    "InvalidRequest",
                    "InvalidAccount",
                    "PasswordTooShort",
                }, path.name


def test_a_malformed_request_gets_a_description_of_its_fault() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "InvalidRequest":
                assert [one for one in node.keywords if one.arg == "description"], path.name


def every_subclass(root: type[GatehouseError]) -> Iterator[type[GatehouseError]]:
    """Yield every kind that is imported, those of other modules included."""
    yield root
    for kind in root.__subclasses__():
        yield from every_subclass(kind)


@pytest.mark.parametrize("kind", CONCRETE)
def test_a_description_is_one_plain_sentence_or_two(kind: type[GatehouseError]) -> None:
    assert kind.description[0].isupper()
    assert kind.description.endswith(".")


@pytest.mark.parametrize("kind", CONCRETE)
def test_the_reason_never_reaches_what_is_public(kind: type[GatehouseError]) -> None:
    error = make(kind)
    assert "evidence" not in error.public_description
    assert "evidence" not in repr(dict(error.headers)).replace('scope="evidence"', "")


@pytest.mark.parametrize("kind", CONCRETE)
def test_headers_are_single_lines_of_printable_ascii(kind: type[GatehouseError]) -> None:
    for name, value in make(kind).headers.items():
        assert re.fullmatch(r"[A-Za-z-]+", name)
        assert re.fullmatch(r"[\x20-\x7e]+", value)


def test_an_outage_is_neither_a_refusal_of_credentials_nor_of_a_token() -> None:
    outage = errors.Unavailable("dependency down")
    assert not isinstance(outage, errors.OAuthError | errors.BearerError)
    assert (outage.status, outage.code) == (503, "temporarily_unavailable")
    assert int(outage.headers["Retry-After"]) > 0


def described_in_source() -> Iterator[tuple[str, str]]:
    """Every description that any call in the services passes, with the holes of an f-string left out."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "description":
                parts = [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
                yield path.name, "".join(part for part in parts if isinstance(part, str))


@pytest.mark.parametrize(("where", "text"), sorted(set(described_in_source())))
def test_every_description_given_at_a_call_has_only_those_characters(where: str, text: str) -> None:
    assert WIRE.fullmatch(text), where


def test_descriptions_are_found_in_the_source() -> None:
    assert len(set(described_in_source())) > 10
