"""Output of the secret of a new API key: to standard output, to a file, or to Secrets Manager."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import click

from chalicelib.adapters.aws_errors import error_code
from chalicelib.domain.api_keys.api_key import ApiKey, ApiKeySecret
from chalicelib.domain.tokens.claims import API_KEY_PREFIX
from infra.operate.deployment import Deployment

_OWNER_ONLY = 0o600
_SIGNING_KEY = "/signing-key"


@dataclass
class SecretOutput:
    """The destination that the operator chose. A file or a secret gets JSON: `client_id`, `client_secret`."""

    file: Path | None
    secret_name: str | None
    _exists: bool = field(default=False, init=False)

    @property
    def is_terminal(self) -> bool:
        """Return whether the secret is printed."""
        return self.file is None and self.secret_name is None

    def where(self, key: ApiKey) -> str:
        """Return one sentence that names the location of the secret of a key."""
        if self.file is not None:
            return f"the secret of {key.key_id} is in {self.file}."
        if self.secret_name is not None:
            return f"the secret of {key.key_id} is in the secret {self.secret_name} of Secrets Manager."
        return "the secret above is not shown again."

    @contextmanager
    def prepared(self, deployment: Deployment) -> Iterator[None]:
        """Check the destination before a key exists; leave no empty file behind. Raises ClickException."""
        if self.secret_name is not None:
            self._exists = _is_replaceable(deployment, self.secret_name)
        if self.file is None:
            yield
            return
        try:
            os.close(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
        except OSError as error:
            why = error.strerror or str(error)
            raise click.ClickException(f"The file {self.file} cannot be created ({why}).") from error
        try:
            yield
        except BaseException:
            self.file.unlink(missing_ok=True)
            raise

    def write(self, deployment: Deployment, key: ApiKey, secret: ApiKeySecret) -> None:
        """Write the secret. Raises ClickException, BotoCoreError and ClientError."""
        text = json.dumps({"client_id": key.key_id, "client_secret": secret.serialize()})
        if self.file is not None:
            try:
                self.file.write_text(f"{text}\n", encoding="utf-8")
            except OSError as error:
                raise click.ClickException(f"The file {self.file} cannot be written.") from error
        if self.secret_name is not None:
            client = deployment.client("secretsmanager")
            if self._exists:
                client.put_secret_value(SecretId=self.secret_name, SecretString=text)
            else:
                client.create_secret(Name=self.secret_name, SecretString=text)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--to-file` and `--to-secret` to a command, and pass it their SecretOutput."""

    @click.option(
        "--to-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write id and secret to a new file that only you can read.",
    )
    @click.option("--to-secret", default=None, help="Write id and secret to a secret of Secrets Manager.")
    @wraps(command)
    def passed(*args: Any, to_file: Path | None, to_secret: str | None, **options: Any) -> Any:
        if to_file is not None and to_secret is not None:
            raise click.UsageError("Use --to-file or --to-secret, not both.")
        return command(*args, output=SecretOutput(to_file, to_secret), **options)

    return passed


def _is_replaceable(deployment: Deployment, name: str) -> bool:
    """Return whether a secret exists and holds an API key. Raises ClickException for another content."""
    settings = deployment.settings
    if name.endswith(_SIGNING_KEY) or name == settings.signing_secret_id:
        raise click.ClickException(f"{name} is a signing key: name another secret.")
    client = deployment.client("secretsmanager")
    try:
        text = client.get_secret_value(SecretId=name)["SecretString"]
    except client.exceptions.ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return False
        raise
    except KeyError:
        text = ""
    try:
        held = str(json.loads(text)["client_id"])
    except (ValueError, KeyError, TypeError):
        held = ""
    if not held.startswith(API_KEY_PREFIX):
        raise click.ClickException(f"The secret {name} holds something else: name another one.")
    return True
