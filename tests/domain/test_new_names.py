"""Which addresses and user names may be taken at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.new_names import (
    MAX_EMAIL_LENGTH,
    MAX_USERNAME_LENGTH,
    email_address,
    username,
)
from tests.domain.look_alikes import INVISIBLE, LOOK_ALIKES, MIXED


@pytest.mark.parametrize("char", INVISIBLE.values(), ids=INVISIBLE)
def test_an_invisible_character_is_in_no_account(char: str) -> None:
    for name in (f"{char}alice", f"ali{char}ce", f"alice{char}", char):
        with pytest.raises(InvalidAccount):
            username(name)
        with pytest.raises(InvalidAccount):
            email_address(f"{name}@example.com")
        with pytest.raises(InvalidAccount):
            email_address(f"alice@{name}.com")


@pytest.mark.parametrize("name", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_digits_and_marks_are_held_to_one_script_as_letters_are(name: str) -> None:
    with pytest.raises(InvalidAccount):
        username(name)


@pytest.mark.parametrize("name", MIXED.values(), ids=MIXED)
def test_mixed_scripts_are_in_no_account(name: str) -> None:
    with pytest.raises(InvalidAccount):
        username(name)
    with pytest.raises(InvalidAccount):
        email_address(f"{name}@example.com")
    with pytest.raises(InvalidAccount):
        email_address(f"alice@{name}.com")


@pytest.mark.parametrize(
    "name",
    [
        "alice",
        "Alice-B_c.9",
        "\u0430\u043b\u0438\u0441\u0430",
        "\u0430\u043b\u0438\u0441\u0430-77",
        "\u5c71\u7530\u306f\u306a\u3053",
        "\u4f50\u3005\u6728",
        "\u3089\u30fc\u3081\u3093",
        "\ubc15\uc9c0\uc131",
        "zo\u00eb",
        "nguy\u1ec5n",
        "\u1eb9\u0301",
        "\u0645\u062d\u0645\u062f\u0663\u0664",
        "\u0631\u0636\u0627\u06f1\u06f2",
        "\u0930\u093e\u0939\u0941\u0932\u096f",
        "\u09b0\u09b9\u09bf\u09ae\u09e6",
        "\u0e2a\u0e21\u0e0a\u0e31\u0e22",
        "\u09e6\u09e7",
        "2024",
    ],
)
def test_a_user_name_of_one_script_is_taken_as_written(name: str) -> None:
    assert username(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "a b", " alice", "alice@example.com", "a/b", "a\nb", "x" * 65, "\ufdfa" * 4, "al!ce", "a,b"],
)
def test_a_user_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(InvalidAccount):
        username(name)


def test_a_user_name_may_be_as_long_as_its_bound() -> None:
    assert username("x" * MAX_USERNAME_LENGTH) == "x" * MAX_USERNAME_LENGTH


def test_a_user_name_that_folds_to_an_address_is_refused() -> None:
    """NFKC turns a full-width at sign into `@`, and no user name may fold to somebody's address."""
    with pytest.raises(InvalidAccount):
        username("alice\uff20example")


@pytest.mark.parametrize("name", ["0" * 32, "ABCDEF0123456789" * 2, "\uff10" * 32])
def test_a_user_name_never_has_the_form_of_an_id(name: str) -> None:
    """It would be taken for the account that has the id."""
    with pytest.raises(InvalidAccount):
        username(name)
    assert username(name[:-1]) == name[:-1]
    assert username(f"{name[:-1]}g") == f"{name[:-1]}g"


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("alice@example.com", "alice@example.com"),
        ("Alice.B+tag@Mail.Example.co.UK", "Alice.B+tag@mail.example.co.uk"),
        ("info@\u043f\u043e\u0447\u0442\u0430.com", "info@xn--80a1acny.com"),
        ("a@M\u00fcller.example", "a@xn--mller-kva.example"),
        ("a@XN--Mller-KVA.example", "a@xn--mller-kva.example"),
        ("a@stra\u00dfe.example", "a@xn--strae-oqa.example"),
        ("a@\uff45xample\u3002com", "a@example.com"),
        ("a@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "a@xn--mgba3gch31f060k.com"),
    ],
)
def test_an_address_is_taken_as_written_up_to_its_domain(address: str, stored: str) -> None:
    assert email_address(address) == stored
    assert SignInName.of(address) == SignInName.of(stored)


@pytest.mark.parametrize(
    "domain",
    [
        "",
        ".",
        "a..b",
        ".example.com",
        "-a.com",
        "a-.com",
        "ab--c.com",
        "a_b.com",
        "a b.com",
        "xn--.com",
        "xn--a.com",
        "xn--zzzzzzzz.com",
        "xn--a-ecp.ru",
        "a" * 64 + ".com",
        "a." * 130 + "com",
        "\u05d0a.com",
        "1\u05d0.com",
        "a\u200db.com",
        "\u0301a.com",
        "\ud800.com",
        "a\x00.com",
        "\u2100.com",
    ],
)
def test_a_domain_that_uts46_rejects_matches_no_account_and_is_refused_in_new_ones(domain: str) -> None:
    with pytest.raises(InvalidAccount):
        email_address(f"a@{domain}")
    assert "\x00" in SignInName.of(f"a@{domain}").canonical


@pytest.mark.parametrize("domain", ["\u0430pple.com", "xn--pple-43d.com", "b\u09e6b.com"])
def test_look_alikes_in_a_domain_are_in_no_account_however_it_is_spelled(domain: str) -> None:
    with pytest.raises(InvalidAccount):
        email_address(f"a@{domain}")


@pytest.mark.parametrize("local", ["\u0438\u0432\u0430\u043d", "caf\u00e9", "\uff41", "a\u200b", "\ud800"])
def test_the_local_part_of_a_new_address_is_ascii(local: str) -> None:
    """SES takes no other."""
    with pytest.raises(InvalidAccount, match=r"invalid_request") as refused:
        email_address(f"{local}@example.com")
    assert "ASCII" in refused.value.public_description


@pytest.mark.parametrize(
    "address",
    [
        "",
        "alice",
        "alice@",
        "@example.com",
        "alice@example",
        "a b@example.com",
        " alice@example.com",
        "alice@example.com ",
        "alice@example.com\n",
        "alice@@example.com",
        "alice@ex@ample.com",
        "alice@.com",
        "alice@example..com",
        "<alice@example.com>",
        '"alice"@example.com',
        "alice@example.com,bob@example.com",
        "alice@example.com\r\nBcc: bob@example.com",
        "x" * 65 + "@example.com",
        "alice@example.com.",
        ".alice@example.com",
        "alice.@example.com",
        "al..ice@example.com",
        "al\x00ice@example.com",
        "al\x7fice@example.com",
        "alice@[127.0.0.1]",
    ],
)
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(InvalidAccount):
        email_address(address)


def test_an_address_may_be_as_long_as_its_bound() -> None:
    labels = "." + "z" * 63 + "." + "z" * 63 + ".com"
    local = "x" * 64 + "@"
    fits = local + "y" * (MAX_EMAIL_LENGTH - len(local) - len(labels)) + labels
    assert email_address(fits) == fits
    with pytest.raises(InvalidAccount):
        email_address(f"{local}y{fits.removeprefix(local)}")


@given(st.text(max_size=300))
def test_judging_any_text_ends_in_a_name_or_in_a_refusal(text: str) -> None:
    for judge in (username, email_address):
        try:
            taken = judge(text)
        except InvalidAccount:
            continue
        assert SignInName.of(taken) == SignInName.of(text)
