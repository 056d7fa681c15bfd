"""Origins and header names of the settings for cross-origin requests."""

from __future__ import annotations

import pytest

from chalicelib.settings import BadSetting, Settings


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", set()),
        ("https://a.example", {"https://a.example"}),
        (
            "capacitor://localhost,https://localhost,http://localhost:3000",
            {"capacitor://localhost", "https://localhost", "http://localhost:3000"},
        ),
        ("https://xn--mller-kva.example:8443", {"https://xn--mller-kva.example:8443"}),
    ],
)
def test_origins_are_separated_by_commas(text: str, origins: set[str]) -> None:
    assert read(CORS_ALLOW_ORIGINS=text).allowed_origins == origins


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "a.example",
        "https://a.example/",
        "https://A.example",
        "http://a.example",
        "capacitor://a.example",
        "https://a.example, https://b.example",
        "https://a.example,",
        ",https://a.example",
        "https://a.example\n",
        "https://a.example:",
        "https://user@a.example",
        "https://*.a.example",
    ],
)
def test_what_is_no_origin_is_refused_with_its_variable(text: str) -> None:
    with pytest.raises(BadSetting, match=r"^CORS_ALLOW_ORIGINS must be origins separated by commas"):
        read(CORS_ALLOW_ORIGINS=text)


@pytest.mark.parametrize("text", ["*", "a b", "a, b", "a,", "a:b", "a\r\nb: c"])
def test_what_is_no_header_name_is_refused_with_its_variable(text: str) -> None:
    with pytest.raises(BadSetting, match=r"^CORS_ALLOW_HEADERS must be header names separated by commas"):
        read(CORS_ALLOW_HEADERS=text)


def test_a_former_name_is_refused_with_the_new_one() -> None:
    with pytest.raises(BadSetting) as refusal:
        read(CORS_ALLOW_ORIGIN="https://a.example")
    assert str(refusal.value) == (
        "CORS_ALLOW_ORIGIN is no longer read: set CORS_ALLOW_ORIGINS, a list separated by commas."
    )
    assert read(CORS_ALLOW_ORIGIN="") == Settings()
