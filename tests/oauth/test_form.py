"""Form parameters: read as RFC 6749 §3.2 and appendix B ask, or refused."""

from __future__ import annotations

from urllib.parse import quote_from_bytes, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidRequest
from chalicelib.oauth.form import (
    MAX_BODY_BYTES,
    MEDIA_TYPE,
    parse_form,
    refuse_credentials_in_query,
    required,
)

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (b"", {}),
        (b"a=b", {"a": "b"}),
        (b"a=b&c=d", {"a": "b", "c": "d"}),
        (b"a=b&&c=d&", {"a": "b", "c": "d"}),
        (b"&", {}),
        (b"a=", {}),
        (b"a", {}),
        (b"=b", {"": "b"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"a=b+c%20d", {"a": "b c d"}),
        (b"a%20b=c", {"a b": "c"}),
        (b"a=%2B%26%3D%25", {"a": "+&=%"}),
        (b"a=%C3%A9", {"a": "\u00e9"}),
        ("a=\u00e9".encode(), {"a": "\u00e9"}),
        (b"a=%F0%9F%94%91", {"a": "\U0001f511"}),
        (b"a=%EF%BF%BD", {"a": "\ufffd"}),
        (b"a=%00", {"a": "\x00"}),
        (b"a=b%0D%0Ac", {"a": "b\r\nc"}),
        (b"a=b;c=d", {"a": "b;c=d"}),
        (b"A=b&a=c", {"A": "b", "a": "c"}),
        (b"a[]=b", {"a[]": "b"}),
    ],
)
def test_a_body_is_read(body: bytes, parameters: dict[str, str]) -> None:
    assert parse_form(body, FORM) == parameters


@pytest.mark.parametrize(
    "body",
    [
        b"a=b&a=b",
        b"a=b&a=c",
        b"a=&a=c",
        b"a&a=c",
        b"a=b&%61=c",
        b"a=b&x=y&a=c",
        b"a=%",
        b"a=%2",
        b"a=%zz",
        b"a=%+1",
        b"a=% 1",
        b"a=%-1",
        b"%=a",
        b"a=%u00e9",
        b"a=%FF",
        b"a=%C3",
        b"a=%C3%28",
        b"a=\xff",
        b"a=\xc3\x28",
        b"a=%ED%A0%80",
        b"a=\xed\xa0\x80",
        b"a=%C0%AF",
        b"a=%F4%90%80%80",
        "a=\ufffd".encode(),
        "\ufffd=a".encode(),
    ],
)
def test_a_body_that_repeats_a_parameter_or_is_not_form_encoded_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_form(body, FORM)


def test_empty_pairs_never_count_as_a_repeated_parameter() -> None:
    assert parse_form(b"=b&&a=c&", FORM) == {"": "b", "a": "c"}
    assert parse_form(b"&&&", FORM) == {}


@pytest.mark.parametrize(
    "content_type",
    [
        FORM,
        FORM.upper(),
        f"{FORM};charset=utf-8",
        f"{FORM}; charset=UTF-8",
        f'{FORM} ; charset="utf-8"',
        f"{FORM};charset=utf8",
        f"{FORM}; boundary=x",
        f" {FORM} ",
    ],
)
def test_the_media_type_is_compared_without_case_and_utf8_may_be_named(content_type: str) -> None:
    assert parse_form(b"a=b", content_type) == {"a": "b"}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        f"{FORM}x",
        f"x{FORM}",
        f"{FORM}; charset=iso-8859-1",
        f"{FORM}; charset=utf-16",
        f"{FORM}; charset=",
        f"{FORM}; charset=utf-8; charset=latin1",
        f"{FORM}, application/json",
        "application / x-www-form-urlencoded",
    ],
)
def test_another_media_type_or_charset_is_refused(content_type: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_form(b"a=b", content_type)


def test_a_body_may_have_16_kib_and_not_a_byte_more() -> None:
    assert MAX_BODY_BYTES == 16 * 1024
    fits = b"a=" + b"x" * (MAX_BODY_BYTES - 2)
    assert parse_form(fits, FORM) == {"a": "x" * (MAX_BODY_BYTES - 2)}
    with pytest.raises(InvalidRequest):
        parse_form(fits + b"x", FORM)


@given(st.binary(max_size=400) | st.text(alphabet='ab=&%+;0cC"\\\ufffd\x00 ', max_size=40).map(str.encode))
def test_any_bytes_are_parameters_or_a_malformed_request_whose_text_is_fixed(body: bytes) -> None:
    parameters, said = {"": "x"}, ""
    try:
        parameters = parse_form(body, FORM)
    except InvalidRequest as refusal:
        said = refusal.public_description
    assert all(parameters.values())
    assert said.partition(" is ")[0] in {"", "A parameter of the request", "The name of a parameter"}
    assert said.partition(" is ")[2] in {"", "repeated.", "not form-encoded UTF-8."}


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"), min_size=1))
)
def test_what_any_client_encodes_is_what_is_read(parameters: dict[str, str]) -> None:
    assert parse_form(urlencode(parameters).encode(), FORM) == parameters


@given(st.text(), st.text())
def test_any_content_type_is_form_encoded_or_refused(before: str, after: str) -> None:
    for content_type in (before, before + FORM + after):
        try:
            parse_form(b"a=b", content_type)
        except InvalidRequest:
            continue
        assert MEDIA_TYPE in content_type.lower()


@given(st.binary(min_size=1, max_size=30))
def test_an_escaped_value_is_utf8_or_refused(raw: bytes) -> None:
    body = b"a=" + quote_from_bytes(raw).encode()
    try:
        expected = {"a": raw.decode("utf-8")}
    except UnicodeDecodeError:
        with pytest.raises(InvalidRequest):
            parse_form(body, FORM)
    else:
        assert parse_form(body, FORM) == expected


@pytest.mark.parametrize(
    "text", ["p&q", "p=q", "p+q", "p%q", "p q", "p;q", "\u00fc\u00f1\u00ee", '"', "\\", "a\nb"]
)
def test_a_password_of_any_characters_arrives_whole(text: str) -> None:
    assert parse_form(f"password={quote_plus(text)}".encode(), FORM) == {"password": text}


@pytest.mark.parametrize(
    "name", ["username", "password", "refresh_token", "access_token", "token", "client_secret", "device_key"]
)
@pytest.mark.parametrize("value", ["x", ""])
def test_a_credential_in_the_query_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest):
        refuse_credentials_in_query({name: [value]})


def test_anything_else_in_the_query_is_ignored() -> None:
    refuse_credentials_in_query({})
    refuse_credentials_in_query({"utm_source": ["x"], "grant_type": ["password"]})


def test_an_absent_parameter_is_named_and_nothing_of_the_others_is_echoed() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        required({"username": "alice"}, "password")
    assert refusal.value.public_description == "The parameter password is missing."
    assert required({"username": "alice"}, "username") == "alice"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"password=a&password=a", "The parameter password is repeated."),
        (b"grant_type=a&grant_type=b", "The parameter grant_type is repeated."),
        (b"hunter2=a&hunter2=a", "A parameter of the request is repeated."),
        (b"username=%FF", "The parameter username is not form-encoded UTF-8."),
        (b"scope=%zz", "The parameter scope is not form-encoded UTF-8."),
        (b"hunter2=%FF", "A parameter of the request is not form-encoded UTF-8."),
        (b"%FF=hunter2", "The name of a parameter is not form-encoded UTF-8."),
        (b"a=" + b"x" * MAX_BODY_BYTES, "The body of the request is too large."),
    ],
)
def test_the_error_for_a_malformed_body_names_the_parameter_and_its_fault(body: bytes, said: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_form(body, FORM)
    assert refusal.value.public_description == said


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        ("text/hunter2", f"The Content-Type must be {MEDIA_TYPE}."),
        (f"{FORM}; charset=hunter2", "The charset of the Content-Type must be utf-8."),
    ],
)
def test_the_error_for_a_wrong_content_type_describes_the_fault(content_type: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_form(b"", content_type)
    assert refusal.value.public_description == said


def test_the_error_for_a_credential_in_the_query_names_it() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        refuse_credentials_in_query({"utm": ["hunter2"], "refresh_token": ["hunter2"]})
    assert refusal.value.public_description == (
        "The parameter refresh_token belongs in the body of the request, not in its URL."
    )
