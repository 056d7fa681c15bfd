"""Your own functions. Each module in this package that has a `blueprint` is registered automatically.

docs/your-own-functions.md has recipes; `make new-function NAME=notes` creates a first version.
"""

BINARY_TYPES: list[str] = []
"""Media types of bodies that are bytes, besides Chalice's own, such as "application/pdf"."""
