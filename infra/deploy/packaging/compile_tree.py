"""Script: compile the files that standard input names, relative to the working directory.

It needs a fresh interpreter with a fixed hash seed, relative names and a fixed order: the bytes of a .pyc
depend on which strings the interpreter has seen before, so only the same start gives the same bytes.
"""

import py_compile
import sys

WHERE_LAMBDA_UNPACKS = "/var/task/"


def main() -> None:
    """Compile all files; the first one that is not Python ends the run with its name."""
    for name in sys.stdin.read().splitlines():
        folder, _, file = name.rpartition("/")
        cache = f"{folder}/__pycache__" if folder else "__pycache__"
        py_compile.compile(
            name,
            cfile=f"{cache}/{file.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc",
            dfile=WHERE_LAMBDA_UNPACKS + name,
            doraise=True,
            # Lambda does not keep modification times; and a checked hash would cost what is to be saved.
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


if __name__ == "__main__":
    main()
