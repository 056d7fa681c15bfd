"""`make test-deployed`: the Python of the functions, if this machine has one besides the running one."""

from __future__ import annotations

import sys

from infra.deploy.packaging import runtime


def main() -> None:
    """Print the path of an interpreter other than the running one; on standard error, why there is none."""
    found = runtime.find_interpreter()
    if sys.version_info[:2] == runtime.RUNTIME:
        print(f"Left out: this is Python {runtime.VERSION}, so the other tests ran on it.", file=sys.stderr)
    elif found is None:
        reason = f"there is no Python {runtime.VERSION}. To get one: {runtime.INSTALL_COMMAND}"
        print(f"Left out: {reason}", file=sys.stderr)
    else:
        print(found)


if __name__ == "__main__":
    main()
