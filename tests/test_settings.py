"""Settings: read from the environment, bounded, and refused with a sentence that names the variable."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.settings import BadSetting, Settings

NUMBERS = {setting.name: setting for setting in fields(Settings) if isinstance(setting.default, int)}
TEXTS = {setting.name: setting for setting in fields(Settings) if setting.name not in NUMBERS}
BOUNDS = {name: (setting.metadata["low"], setting.metadata["high"]) for name, setting in NUMBERS.items()}
STACK = {
    "api_url": "http://127.0.0.1:8000",
    "aws_endpoint_url": "http://127.0.0.1:41234",
    "region": "eu-west-1",
    "users_table": "gatehouse-local",
    "signing_secret_id": "gatehouse-key",
    "pid": 1234,
}


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def test_without_an_environment_everything_has_its_default() -> None:
    assert read() == Settings()


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = Settings()
    assert settings.access_token_seconds == 3600
    assert settings.refresh_idle_seconds == 30 * 86_400
    assert settings.refresh_absolute_seconds == 90 * 86_400
    assert settings.refresh_retry_seconds == 10
    assert settings.password_min_length == 15
    assert settings.key_cache_seconds == 60
    assert settings.authorizer_cache_seconds == 60


@pytest.mark.parametrize("name", [*NUMBERS, *TEXTS])
def test_every_setting_says_its_unit_and_meaning(name: str) -> None:
    setting = {**NUMBERS, **TEXTS}[name]
    assert setting.metadata["unit"]
    assert setting.metadata["meaning"]


@pytest.mark.parametrize("name", NUMBERS)
def test_every_default_is_within_its_bounds(name: str) -> None:
    low, high = BOUNDS[name]
    assert low is not None
    default = getattr(Settings(), name)
    assert low <= default <= (high or default)


FREE = [
    name
    for name, setting in TEXTS.items()
    if not setting.metadata["choices"] and not setting.metadata["pattern"]
]


@pytest.mark.parametrize("name", FREE)
def test_a_text_is_taken_as_it_is(name: str) -> None:
    assert getattr(read(**{name.upper(): "some text"}), name) == "some text"


@pytest.mark.parametrize("name", [*NUMBERS, *TEXTS])
def test_an_empty_variable_counts_as_absent(name: str) -> None:
    assert read(**{name.upper(): ""}) == Settings()


@pytest.mark.parametrize("name", NUMBERS)
def test_the_bounds_are_inclusive(name: str) -> None:
    low, high = BOUNDS[name]
    for value in (low, high or 10**6):
        assert getattr(read(**{name.upper(): str(value)}), name) == value


@pytest.mark.parametrize("name", NUMBERS)
def test_beyond_its_bounds_a_number_is_refused_with_variable_bounds_and_value(name: str) -> None:
    low, high = BOUNDS[name]
    beyond = ([low - 1] if low else []) + ([] if high is None else [high + 1])
    for value in beyond:
        with pytest.raises(BadSetting) as refusal:
            read(**{name.upper(): str(value)})
        assert str(refusal.value) == (
            f"{name.upper()} must be between {low} and {high or 'any number'}, not {value}."
        )


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "text", ["x", "1.5", "-1", "+1", " 60", "60 ", "1e3", "0x10", "\u0661", "\u00b2", "1_000"]
)
def test_what_is_no_whole_number_is_refused_with_variable_and_unit(name: str, text: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        read(**{name.upper(): text})
    assert str(refusal.value) == f"{name.upper()} must be a whole number of {NUMBERS[name].metadata['unit']}."


@given(st.sampled_from(sorted(NUMBERS)), st.text(max_size=30))
def test_any_text_is_a_number_within_bounds_or_refused(name: str, text: str) -> None:
    try:
        value = getattr(read(**{name.upper(): text}), name)
    except BadSetting:
        return
    low, high = BOUNDS[name]
    assert value == NUMBERS[name].default or low <= value <= (high or value)


def test_names_are_upper_case_and_others_are_ignored() -> None:
    assert read(max_sessions="1", MAX_SESSION="1", PATH="/bin") == Settings()


@pytest.mark.parametrize(
    ("text", "clients"),
    [
        ("", set()),
        ("a", {"a"}),
        ("a,b", {"a", "b"}),
        (" a , b ", {"a", "b"}),
        (",a,,", {"a"}),
        (",", set()),
        ("a,a", {"a"}),
    ],
)
def test_clients_are_parted_by_commas(text: str, clients: set[str]) -> None:
    assert read(CLIENT_IDS=text).clients == clients


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().stage = "other"  # type: ignore[misc]


def test_a_running_local_stack_says_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(STACK), encoding="utf-8")
    settings = read(GATEHOUSE_STACK_FILE=str(file), USERS_TABLE="another", MAX_SESSIONS="3")
    assert settings.issuer == "http://127.0.0.1:8000"
    assert settings.aws_endpoint_url == "http://127.0.0.1:41234"
    assert settings.aws_region == "eu-west-1"
    assert settings.users_table == "gatehouse-local"
    assert settings.signing_secret_id == "gatehouse-key"
    assert settings.mail_queue_url == "http://127.0.0.1:41234/queue/gatehouse-local-mail"
    assert settings.max_sessions == 3


def test_without_a_stack_file_the_environment_counts() -> None:
    assert read(GATEHOUSE_STACK_FILE="", USERS_TABLE="another").users_table == "another"


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"\xff", b"[]", b"null", b"{}", b'"x"', b'{"api_url": "x"}', b'{"api_url": 1}'],
)
def test_a_stack_file_that_is_none_is_refused_with_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "stack.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSetting) as refusal:
        read(GATEHOUSE_STACK_FILE=str(file))
    assert str(refusal.value) == "No local stack is running here: start one with `make run`."


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_the_log_may_tell_more_than_the_audit_trail(level: str) -> None:
    assert read(LOG_LEVEL=level).log_level == level


@pytest.mark.parametrize("level", ["WARNING", "ERROR", "CRITICAL", "info", "10", "bogus", "INFO "])
def test_the_log_may_not_tell_less_than_the_audit_trail(level: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        read(LOG_LEVEL=level)
    assert str(refusal.value) == f"LOG_LEVEL must be DEBUG or INFO, not {level!r}."


@pytest.mark.parametrize(("cost", "failed"), [("12", "0"), ("12", "12"), ("10", "12"), ("12", "")])
def test_a_failed_sign_in_costs_at_least_a_hash(cost: str, failed: str) -> None:
    settings = Settings.from_environment({"BCRYPT_COST": cost, "FAILED_SIGN_IN_COST": failed})
    assert settings.failed_sign_in_cost == int(failed or 0)


@pytest.mark.parametrize(("cost", "failed"), [("12", "11"), ("16", "4")])
def test_a_failed_sign_in_that_is_cheaper_than_a_hash_is_refused_in_one_sentence(
    cost: str, failed: str
) -> None:
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environment({"BCRYPT_COST": cost, "FAILED_SIGN_IN_COST": failed})
    assert str(refusal.value) == (
        f"FAILED_SIGN_IN_COST must be 0 or at least BCRYPT_COST, which is {cost}, not {failed}."
    )


@pytest.mark.parametrize("kind", ["edge", "PRIVATE", "EDGE "])
def test_another_type_of_endpoint_is_refused(kind: str) -> None:
    with pytest.raises(BadSetting, match=r"^ENDPOINT_TYPE must be EDGE or REGIONAL"):
        read(ENDPOINT_TYPE=kind)
