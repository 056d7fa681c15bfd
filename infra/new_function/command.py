"""`make new-function NAME=notes`: create a function with its table, its IAM policy and its test."""

from __future__ import annotations

import json
import keyword
import re
from dataclasses import dataclass
from pathlib import Path

import click

from infra.new_function import templates

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_RESOURCES = Path("infra/functions.yaml")
_POLICY = Path(".chalice/policy-functions.json")


@dataclass(frozen=True)
class NewFunction:
    """The files of one function, below `project`."""

    project: Path
    name: str

    @property
    def paths(self) -> tuple[Path, Path, Path, Path]:
        """Return module, test, resources and policy."""
        module = Path("chalicelib/functions", f"{self.name}.py")
        return module, Path("tests/functions", f"test_{self.name}.py"), _RESOURCES, _POLICY

    def texts(self) -> dict[Path, str]:
        """Return the new content of the four files. Raises ClickException if one cannot be extended."""
        module, test, resources, policy = self.paths
        return {
            module: self._file(module, templates.MODULE),
            test: self._file(test, templates.TEST),
            resources: self._resources(self._read(resources)),
            policy: self._policy(self._read(policy)),
        }

    def _file(self, path: Path, template: str) -> str:
        text = self._filled_in(template)
        if (self.project / path).exists() and self._read(path) != text:
            raise click.ClickException(f"{path} exists already: choose another NAME, or remove the file.")
        return text

    def _resources(self, text: str) -> str:
        variable, table = self._filled_in(templates.VARIABLE), self._filled_in(templates.TABLE)
        if f"\n{table.splitlines()[0]}\n" in text:
            return text
        for line, added in (("      Variables:", variable), ("Resources:", table)):
            parts = text.split(f"\n{line}\n")
            if len(parts) != 2:  # noqa: PLR2004 - what comes before the line, and after it
                raise click.ClickException(
                    f"{_RESOURCES} has no separate line `{line.strip()}`, below which entries are added: "
                    "restore that line from `git show HEAD`, and try again."
                )
            text = f"\n{line}\n{added}".join(parts)
        return text

    def _policy(self, text: str) -> str:
        try:
            document = json.loads(text)
            statements = document["Statement"]
            sids = [one.get("Sid") for one in statements]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise click.ClickException(
                f"{_POLICY} is not an IAM policy in JSON: correct it first."
            ) from error
        sid = self._filled_in("Use{Name}Table")
        if sid in sids:
            return text
        arn = {"Fn::Sub": self._filled_in(templates.ARN)}
        statements.append({"Sid": sid, "Effect": "Allow", "Action": list(templates.ACTIONS), "Resource": arn})
        return json.dumps(document, indent=2) + "\n"

    def _read(self, path: Path) -> str:
        try:
            return (self.project / path).read_text(encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{path} cannot be read: restore it, and try again.") from error

    def _filled_in(self, template: str) -> str:
        words = self.name.split("_")
        camel = "".join(word.capitalize() for word in words)
        return template.format(name=self.name, path="-".join(words), Name=camel, NAME=self.name.upper())


@click.command("new-function")
@click.argument("name")
def new_function(name: str) -> None:
    """Create a function of your own: module, table, IAM policy and test."""
    write(Path.cwd(), name)


def write(project: Path, name: str) -> None:
    """Write the missing ones of the four parts. Raises ClickException before anything is written."""
    is_bad = not _NAME.fullmatch(name) or keyword.iskeyword(name) or name.endswith("_") or "__" in name
    if is_bad:
        raise click.ClickException(
            f"{name!r} is not a valid name: NAME must be a lower-case letter, then up to 30 lower-case "
            "letters, digits and single underscores, such as NAME=notes."
        )
    function = NewFunction(project, name)
    if (taken := f"/{name.replace('_', '-')}") in _service_paths():
        raise click.ClickException(f"{taken} is a route of the service: choose another NAME.")
    texts = function.texts()
    changed = [path for path, text in texts.items() if not _has(project / path, text)]
    for path in changed:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(texts[path], encoding="utf-8")
        click.echo(f"Wrote {path}")
    if not changed:
        click.echo(f"Nothing to do: {name} is there.")


def _has(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


def _service_paths() -> set[str]:
    # Imported here: the other commands do not need the app.
    from chalicelib.api.application import create_app
    from chalicelib.settings import SERVICE_ROUTES

    return set(create_app(SERVICE_ROUTES).routes)
