"""Your own functions: each module here that has a `blueprint` is registered by itself.

docs/your-own-functions.md has recipes; `make new-function NAME=notes` writes a start.
"""

BINARY_TYPES: list[str] = []
"""Media types of bodies that are bytes, besides Chalice's own, such as "application/pdf"."""
