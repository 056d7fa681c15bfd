"""Every setting: its environment variable, unit, default and meaning."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

DAY = 86_400
LOCAL_MAIL_QUEUE = "gatehouse-local-mail"
"""Name of the mail queue that `make run` creates from the template."""
SERVICE_ROUTES, OWN_ROUTES, ALL_ROUTES = "service", "functions", "all"
_PORT = r"(:[1-9][0-9]{0,4})?"
_ORIGIN = (
    rf"(https://[a-z0-9.-]{{1,253}}{_PORT}"
    rf"|http://127[.]0[.]0[.]1{_PORT}"
    rf"|[a-z][a-z0-9+.-]{{0,31}}://localhost{_PORT})"
)
ORIGINS = rf"{_ORIGIN}(,{_ORIGIN})*"
"""Serialized origins (RFC 6454 §6.2): any with https; on localhost also http and the schemes of apps."""
HEADERS = r"[A-Za-z0-9-]{1,64}(,[A-Za-z0-9-]{1,64})*"
_CHALICE_COMMANDS = re.compile(
    "delete|deploy|dev|gen-policy|generate-models|generate-pipeline|generate-sdk|invoke|local|logs|new-project"
    "|package|url"
)
_RENAMED = {"CORS_ALLOW_ORIGIN": "CORS_ALLOW_ORIGINS"}
"""Renamed variables of former releases. Ignoring one would silently disable what it had enabled."""


def _setting(
    default: Any,
    unit: str,
    meaning: str,
    *,
    low: int | None = None,
    high: int | None = None,
    choices: tuple[str, ...] = (),
    pattern: str = "",
) -> Any:
    metadata = {
        "unit": unit,
        "meaning": meaning,
        "low": low,
        "high": high,
        "choices": choices,
        "pattern": pattern,
    }
    return field(default=default, metadata=metadata)


class BadSetting(ValueError):
    """A setting has an invalid value. The message names the setting and what it accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one deployment. Each is read from the environment variable of its name, upper case."""

    stage: str = _setting("local", "name", "name of the deployment")
    users_table: str = _setting("gatehouse-local", "name", "DynamoDB table of accounts and sessions")
    signing_secret_id: str = _setting("gatehouse-local", "name or ARN", "secret that holds the signing key")
    issuer: str = _setting("", "URL", "public base URL; empty: the URL of the API Gateway stage")
    audience: str = _setting("", "URI", "`aud` of access tokens; empty: the issuer")
    client_ids: str = _setting("", "names", "public clients besides `mobile-app`, separated by commas")
    access_token_seconds: int = _setting(3600, "s", "lifetime of an access token", low=60, high=DAY)
    refresh_idle_seconds: int = _setting(30 * DAY, "s", "lifetime of a session that is not used", low=60)
    refresh_absolute_seconds: int = _setting(90 * DAY, "s", "maximum lifetime of a session", low=60)
    refresh_retry_seconds: int = _setting(
        10, "s", "how long a refresh without an `Idempotency-Key` may be retried", low=1, high=300
    )
    max_sessions: int = _setting(
        20, "sessions", "maximum number of active sessions of a user", low=1, high=40
    )
    max_api_keys: int = _setting(
        20, "API keys", "maximum number of API keys of an account that have not expired", low=1, high=30
    )
    password_min_length: int = _setting(15, "characters", "minimum length of a new password", low=8, high=64)
    sign_up: str = _setting(
        "open",
        "name",
        "who may sign up: anybody, only people that an administrator has created an account for, or nobody",
        choices=("open", "invited", "off"),
    )
    sign_up_domains: str = _setting(
        "", "names", "domains of addresses that may sign up, separated by commas; empty: all"
    )
    breached_passwords_url: str = _setting(
        "", "URL", "range service that new passwords are checked with, by a hash prefix; empty: no check"
    )
    bcrypt_cost: int = _setting(12, "log2 rounds", "cost of a password hash", low=4, high=16)
    failed_sign_in_cost: int = _setting(
        0,
        "log2 rounds",
        "cost of every failed sign-in, at least `BCRYPT_COST`; 0: equal to it; if you lower `BCRYPT_COST`, "
        "set its former value here",
        low=0,
        high=16,
    )
    sign_in_network_failures: int = _setting(
        10,
        "attempts",
        "failed sign-ins with one name from one network (/24, /48) in 7 days; then 429",
        low=1,
        high=50,
    )
    sign_in_free_failures: int = _setting(
        50, "attempts", "failed sign-ins with one name in 7 days from all networks; then 429", low=1, high=50
    )
    sign_in_wait_seconds: int = _setting(
        900, "s", "wait between attempts of a known device after its first 10 failures", low=1
    )
    key_cache_seconds: int = _setting(60, "s", "how long a warm function caches the keys", low=0, high=60)
    signing_algorithm: str = _setting(
        "HS256",
        "name",
        "algorithm of signing keys made from now on; others verify RS256 and ES256 by themselves",
        choices=("HS256", "RS256", "ES256"),
    )
    authorizer_cache_seconds: int = _setting(
        60, "s", "how long API Gateway caches the authorizer's decision", low=0, high=3600
    )
    ended_session_days: int = _setting(
        30, "days", "how long the reason for the end of a session is kept", low=1
    )
    cors_allow_origins: str = _setting(
        "",
        "origins",
        "origins of web pages and web views that may call the API, separated by commas: "
        "`https://app.example.com`, `capacitor://localhost`, `http://localhost:3000`; empty: none",
        pattern=ORIGINS,
    )
    cors_allow_headers: str = _setting(
        "",
        "header names",
        "further request headers of these origins, besides `Authorization`, `Content-Type`, "
        "`Idempotency-Key` and `If-Match`, separated by commas, such as `sentry-trace,baggage`",
        pattern=HEADERS,
    )
    endpoint_type: str = _setting(
        "REGIONAL",
        "name",
        "endpoint type of the API; a caller's country is known only with `EDGE`, where CloudFront adds it",
        choices=("EDGE", "REGIONAL"),
    )
    mail_queue_url: str = _setting("", "URL", "queue of mails to send; empty: no mail is queued or sent")
    mail_from: str = _setting("", "address", "sender of mails; empty: no mail is sent")
    mail_configuration_set: str = _setting(
        "", "name", "SES configuration set of mails, which reports bounces; empty: none"
    )
    service_name: str = _setting(
        "Gatehouse", "text", "name of the service in mails; no password may consist of it"
    )
    aws_region: str = _setting("us-east-1", "name", "region of the table and the secret; set by Lambda")
    aws_endpoint_url: str = _setting("", "URL", "endpoint of a local AWS; empty: AWS itself")
    # No level above INFO: the audit trail is logged at INFO.
    log_level: str = _setting("INFO", "name", "lowest level that is logged", choices=("DEBUG", "INFO"))

    def __post_init__(self) -> None:
        """Raise BadSetting if two settings contradict each other."""
        if self.failed_sign_in_cost and self.failed_sign_in_cost < self.bcrypt_cost:
            raise BadSetting(
                f"FAILED_SIGN_IN_COST must be 0 or at least BCRYPT_COST, which is {self.bcrypt_cost}, "
                f"not {self.failed_sign_in_cost}."
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings. An empty variable counts as absent. Raises BadSetting."""
        source = dict(os.environ if environment is None else environment)
        source.update(_running_stack(source.get("GATEHOUSE_STACK_FILE", "")))
        for old, new in _RENAMED.items():
            if source.get(old):
                raise BadSetting(f"{old} is no longer read: set {new}, a list separated by commas.")
        given: dict[str, Any] = {}
        for setting in fields(cls):
            if text := source.get(setting.name.upper()):
                given[setting.name] = _read(setting, text)
        return cls(**given)

    @property
    def clients(self) -> frozenset[str]:
        """The client ids of `CLIENT_IDS`."""
        return frozenset(name.strip() for name in self.client_ids.split(",") if name.strip())

    @property
    def allowed_origins(self) -> frozenset[str]:
        """The origins of CORS_ALLOW_ORIGINS, to be compared byte by byte (Fetch §4.9)."""
        return frozenset(self.cors_allow_origins.split(",")) - {""}


def selected_routes(environment: Mapping[str, str] | None = None) -> str:
    """Return which routes this process serves: those of the service, your own, or all. Raises BadSetting.

    No setting of a deployment: the template sets GATEHOUSE_ROUTES for each of its two functions.
    """
    choices = (SERVICE_ROUTES, OWN_ROUTES, ALL_ROUTES)
    routes = (os.environ if environment is None else environment).get("GATEHOUSE_ROUTES") or ALL_ROUTES
    if routes not in choices:
        raise BadSetting(f"GATEHOUSE_ROUTES must be {' or '.join(choices)}, not {routes!r}.")
    return routes


def serves_chalice_local() -> bool:
    """Return whether this process is `chalice local`, and not another command of Chalice."""
    command = next((word for word in sys.argv[1:] if _CHALICE_COMMANDS.fullmatch(word)), "")
    return command == "local" and "AWS_CHALICE_CLI_MODE" in os.environ


def _read(setting: Field[Any], text: str) -> str | int:
    name, choices, pattern = setting.name.upper(), setting.metadata["choices"], setting.metadata["pattern"]
    if choices and text not in choices:
        raise BadSetting(f"{name} must be {' or '.join(choices)}, not {text!r}.")
    if pattern and not re.fullmatch(pattern, text):
        unit = setting.metadata["unit"]
        raise BadSetting(f"{name} must be {unit} separated by commas, without blanks, not {text!r}.")
    if not isinstance(setting.default, int):
        return text
    low, high = setting.metadata["low"], setting.metadata["high"]
    if not text.isascii() or not text.isdigit():
        raise BadSetting(f"{name} must be a whole number of {setting.metadata['unit']}.")
    value = int(text)
    if (low is not None and value < low) or (high is not None and value > high):
        raise BadSetting(f"{name} must be between {low} and {high or 'any number'}, not {value}.")
    return value


def _running_stack(path: str) -> dict[str, str]:
    """Return the settings of the running local stack from its file. Its ports change at each start."""
    if not path:
        return {}
    try:
        stack = json.loads(Path(path).read_text(encoding="utf-8"))
        return {
            "ISSUER": stack["api_url"],
            "AWS_ENDPOINT_URL": stack["aws_endpoint_url"],
            "AWS_REGION": stack["region"],
            "USERS_TABLE": stack["users_table"],
            "SIGNING_SECRET_ID": stack["signing_secret_id"],
            "MAIL_QUEUE_URL": f"{stack['aws_endpoint_url']}/queue/{LOCAL_MAIL_QUEUE}",
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadSetting("No local stack is running here: start one with `make run`.") from error
