"""`python -m infra users`, against a running stack."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pytest

from tests.blackbox.local_deployment import PASSWORD, LocalDeployment, staged

USER_ID = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running


def create(
    stage: LocalDeployment, email: str, *options: str, stdin: str | bytes = PASSWORD
) -> tuple[int, str]:
    result = stage.operate("users", "create", "--email", email, "--password-stdin", *options, stdin=stdin)
    return result.exit_code, result.stdout


def refused(stage: LocalDeployment, *arguments: str, stdin: str | bytes = PASSWORD, code: int = 1) -> str:
    """Return the one sentence with which a command fails."""
    result = stage.operate(*arguments, stdin=stdin)
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("{")]
    sentence = lines[-1].removeprefix("Error: ")
    assert sentence.endswith(".")
    assert len(lines) == 1 or lines[0].startswith("Usage: ")
    return sentence


def test_a_new_account_can_sign_in(stage: LocalDeployment) -> None:
    code, output = create(stage, "new@example.com", "--permission", "a", "--permission", "b")
    assert code == 0
    assert re.fullmatch(rf"Created new@example.com with id {USER_ID.pattern}\.\n", output)
    app = stage.visitor("new@example.com")
    assert app.sign_in().json()["scope"] == "a b"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_line_end_after_the_password_is_none_of_it(stage: LocalDeployment, ending: str) -> None:
    email = f"ending{len(ending)}@example.com"
    assert create(stage, email, stdin=PASSWORD + ending)[0] == 0
    assert stage.visitor(email).sign_in().status_code == 200


def test_every_other_byte_of_the_password_counts(stage: LocalDeployment) -> None:
    password = "  \tpässwörd\n with 🔑 everything \n"
    assert create(stage, "bytes@example.com", stdin=password + "\n")[0] == 0
    app = stage.visitor("bytes@example.com")
    assert app.sign_in(password=password).status_code == 200
    assert app.sign_in(password=unicodedata.normalize("NFD", password)).status_code == 200
    assert app.sign_in(password=password.strip()).status_code == 400


def test_a_password_of_every_length_that_is_allowed(stage: LocalDeployment) -> None:
    for length in (15, 72, 73, 1024):
        email, password = f"long{length}@example.com", ("a kettle sings " * 69)[:length]
        assert create(stage, email, stdin=password)[0] == 0
        app = stage.visitor(email)
        assert app.sign_in(password=password).status_code == 200
        assert app.sign_in(password=password[:-1] + "?").status_code == 400


def test_a_password_can_be_typed(stage: LocalDeployment) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    result = stage.operate("users", "create", "--email", "typed@example.com", stdin=typed)
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert stage.visitor("typed@example.com").sign_in().status_code == 200


def test_unicode_names(stage: LocalDeployment) -> None:
    assert create(stage, "Gruesse@bücher.example", "--username", "Παπαδόπουλος")[0] == 0
    assert (
        "email        Gruesse@xn--bcher-kva.example" in stage.operate("users", "show", "παπαδόπουλος").output
    )
    app = stage.visitor("GRUESSE@BÜCHER.example")
    assert app.sign_in().status_code == 200
    assert app.sign_in(username="ΠΑΠΑΔΌΠΟΥΛΟΣ").status_code == 200


@pytest.mark.parametrize(
    ("email", "options"),
    [
        ("taken@example.com", ()),
        ("TAKEN@EXAMPLE.COM", ()),
        ("other1@example.com", ("--username", "taken.name")),
        ("other2@example.com", ("--username", "Taken.Name")),
    ],
)
def test_a_name_belongs_to_one(stage: LocalDeployment, email: str, options: tuple[str, ...]) -> None:
    create(stage, "taken@example.com", "--username", "taken.name")
    sentence = refused(stage, "users", "create", "--email", email, "--password-stdin", *options)
    assert sentence == "The address or user name is already taken."
    if email.startswith("other"):
        # Nothing of a refused account is left: the address is free.
        assert create(stage, email)[0] == 0
        stage.operate("users", "delete", email, "--yes")


@pytest.mark.parametrize(
    ("email", "options", "password"),
    [
        ("no address", (), PASSWORD),
        ("", (), PASSWORD),
        ("a@b\u200b.example", (), PASSWORD),
        ("a@example.com", ("--username", ""), PASSWORD),
        ("a@example.com", ("--username", "a@b.example"), PASSWORD),
        ("a@example.com", ("--username", "\u0430_mixed_script"), PASSWORD),
        ("a@example.com", ("--permission", "two words"), PASSWORD),
        ("a@example.com", ("--permission", ""), PASSWORD),
        ("a@example.com", ("--permission", 'quo"te'), PASSWORD),
        ("a@example.com", (), ""),
        ("a@example.com", (), "\n"),
        ("a@example.com", (), "fourteen chars"),
        ("a@example.com", (), "x" * 1025),
        ("a@example.com", (), b"not \xff\xfe UTF-8 at all"),
    ],
)
def test_a_bad_account_is_refused_in_one_sentence(
    stage: LocalDeployment, email: str, options: tuple[str, ...], password: str | bytes
) -> None:
    arguments = ("users", "create", "--email", email, "--password-stdin", *options)
    sentence = refused(stage, *arguments, stdin=password)
    assert len(sentence) < 120
    assert stage.operate("users", "show", "a@example.com").exit_code == 1


def test_show_finds_by_every_name(stage: LocalDeployment) -> None:
    _, output = create(stage, "shown@example.com", "--username", "shown", "--permission", "users:read")
    user_id = USER_ID.findall(output)[0]
    shown = {stage.operate("users", "show", name).output for name in ("Shown@example.com", "SHOWN", user_id)}
    assert len(shown) == 1
    (told,) = shown
    for said in (user_id, "shown@example.com", "users:read", "disabled     no"):
        assert said in told
    assert "$2b$" not in told


@pytest.mark.parametrize("command", ["show", "disable", "enable", "delete", "permit"])
@pytest.mark.parametrize("user", ["nobody@example.com", "0" * 32, "", "\ud800", "x" * 5_000])
def test_nobody_is_told_so(stage: LocalDeployment, command: str, user: str) -> None:
    assert refused(stage, "users", command, "--", user) == "There is no such user."


def test_disable_and_enable(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    other = stage.signed_in(app.username)
    user_id = app.me().json()["id"]
    assert stage.operate("users", "disable", app.username).stdout == (
        f"Disabled {app.username} (id {user_id}); 2 sessions ended.\n"
    )
    assert {app.me().status_code, other.me().status_code} == {401}
    assert app.sign_in().status_code == 400
    assert "disabled     yes" in stage.operate("users", "show", app.username).output
    again = stage.operate("users", "disable", app.username)
    assert again.stdout == f"Disabled {app.username} (id {user_id}); 0 sessions ended.\n"
    enabled = stage.operate("users", "enable", user_id)
    assert enabled.stdout == f"Enabled {app.username} (id {user_id}).\n"
    assert app.sign_in().status_code == 200


def test_delete_asks_first(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    for answer in ("", "n\n", "\n"):
        result = stage.operate("users", "delete", app.username, stdin=answer)
        assert result.exit_code == 1
        assert app.me().status_code == 200
    assert stage.operate("users", "delete", app.username, stdin="y\n").exit_code == 0
    assert app.me().status_code == 401
    assert app.sign_in().status_code == 400
    assert refused(stage, "users", "delete", app.username, "--yes") == "There is no such user."
    assert create(stage, app.username)[0] == 0, "the name is free again"


def test_permit(stage: LocalDeployment) -> None:
    app = stage.signed_in(permissions=["a"])
    grant = stage.operate("users", "permit", app.username, "--grant", "b", "--grant", "c", "--withdraw", "a")
    whom = f"{app.username} (id {app.me().json()['id']})"
    assert grant.stdout == (
        f"{whom} may now: b c.\n"
        "Access tokens carry the granted permissions from the next refresh or sign-in.\n"
        "Access tokens issued before carry the withdrawn permissions until they expire, "
        "for 3600 seconds at most; `sessions end` ends them sooner.\n"
    )
    assert app.sign_in().json()["scope"] == "b c"
    assert "permissions  b c\n" in stage.operate("users", "show", app.username).output
    nothing = stage.operate("users", "permit", app.username, "--withdraw", "b", "--withdraw", "c")
    assert nothing.stdout.startswith(f"{whom} has no permissions now.\nAccess tokens issued before")
    assert "permissions  -\n" in stage.operate("users", "show", app.username).output
    assert refused(stage, "users", "permit", app.username, "--grant", "a b").startswith("A permission must ")
