"""Script: import modules and make boto3 clients from the folder in argv; print what fails, as JSON.

Standard input is JSON: `{"modules": [...], "clients": [...]}`. The output has for each of the two a list of
`[name, error, missing]`, where `missing` is the module that was not found, or null.
"""

import importlib
import json
import sys


def _client(service: str) -> None:
    boto3 = importlib.import_module("boto3")
    session = boto3.Session("none", "none", region_name="us-east-1")
    session.client(service)
    if service in session.get_available_resources():
        session.resource(service)


def _failures(names: list[str], load: object) -> list[list[str | None]]:
    failed: list[list[str | None]] = []
    for name in names:
        try:
            load(name)  # type: ignore[operator]
        except Exception as error:  # noqa: BLE001 - whatever a package raises when it is imported
            missing = error.name if isinstance(error, ModuleNotFoundError) else None
            failed.append([name, f"{type(error).__name__}: {error}", missing])
    return failed


def main() -> None:
    """Load everything, in a process that has nothing but the folder and the standard library."""
    sys.path.insert(0, sys.argv[1])
    wanted = json.load(sys.stdin)
    report = sys.stdout
    # A package may print when it is imported.
    sys.stdout = sys.stderr
    failed = {
        "modules": _failures(wanted["modules"], importlib.import_module),
        "clients": _failures(wanted["clients"], _client),
    }
    json.dump(failed, report)


if __name__ == "__main__":
    main()
