"""Script: import modules and make boto3 clients from the folder in argv; print what fails, as JSON.

Standard input is JSON: `{"modules": {name: who needs it}, "services": {name: place}}`. The output is a list
of sentences.
"""

import importlib
import json
import sys


def _load_client(service: str) -> None:
    boto3 = importlib.import_module("boto3")
    session = boto3.Session("none", "none", region_name="us-east-1")
    session.client(service)
    if service in session.get_available_resources():
        session.resource(service)


def _failure(load: object, name: str, remedy: str) -> str:
    try:
        load(name)  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - whatever a package raises when it is imported
        if isinstance(error, ModuleNotFoundError):
            missing = str(error.name).partition(".")[0]
            remedy = f"add {missing} to requirements.in, then run `make lock`"
        return f"{type(error).__name__}: {error}; {remedy}."
    return ""


def main() -> None:
    """Load everything, in a process that has nothing but the folder and the standard library."""
    sys.path.insert(0, sys.argv[1])
    wanted = json.load(sys.stdin)
    report = sys.stdout
    # A package may print when it is imported.
    sys.stdout = sys.stderr
    failed = []
    for name, who in wanted["modules"].items():
        if failure := _failure(importlib.import_module, name, "see the error"):
            failed.append(f"{who}: {failure}")
    for name, place in wanted["services"].items():
        if failure := _failure(_load_client, name, "correct the name, or pin a newer boto3"):
            failed.append(f"{place} names the AWS service {name}: {failure}")
    json.dump(failed, report)


if __name__ == "__main__":
    main()
