"""Draw where the time goes: `python -m tests.bench.flame` makes the pictures of docs/performance.md."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.bench.bench import AUTHORIZER, Bench, bearer_event
from tests.bench.chart import NAMESPACE
from tests.infra.lambda_runtime.function import as_lambda_sets, bare
from tests.infra.lambda_runtime.interpreter import PROJECT

IMPORTS, DECISION = PROJECT / "docs" / "import-time.svg", PROJECT / "docs" / "decision.svg"
_CALLS = 3_000
_WIDTH, _ROW, _TOP = 1000, 17, 30
_LEAST = 3.0
"""Pixels below which a box is left out."""
_LETTER = 6.2
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|( +)(\S+)")
_COLOURS = ("#f6c49a", "#f3b17c", "#f7d3a8", "#efbf8f")


@dataclass
class Node:
    """A box: its own time and what it calls."""

    name: str
    own: float = 0
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Own time and that of all children."""
        return self.own + sum(child.total for child in self.children.values())

    @property
    def depth(self) -> int:
        """Levels below this box, itself included."""
        return 1 + max((child.depth for child in self.children.values()), default=0)

    def child(self, name: str) -> Node:
        """Return a child, new or known."""
        return self.children.setdefault(name, Node(name))


def import_tree(log: str, root: str) -> Node:
    """Return the tree that `-X importtime` reports, in microseconds. A module comes after what it imports."""
    waiting: list[tuple[int, Node]] = []
    for match in _LINE.finditer(log):
        own, _, indent, name = match.groups()
        level, node = len(indent), Node(name, float(own))
        while waiting and waiting[-1][0] > level:
            child = waiting.pop()[1]
            node.children = {child.name: child, **node.children}
        waiting.append((level, node))
    return Node(root, 0, {node.name: node for _, node in waiting})


def stack_tree(stacks: dict[str, int], root: str) -> Node:
    """Return the tree of sampled stacks, in samples."""
    top = Node(root)
    for stack, count in stacks.items():
        node = top
        for name in stack.split(";"):
            node = node.child(name)
        node.own += count
    return top


def svg(tree: Node, title: str, unit: str) -> str:
    """Return a picture of a tree, the callers above."""
    height = _TOP + _ROW * tree.depth + 8
    boxes = "\n".join(_boxes(tree, 0, 0, _WIDTH / tree.total, unit, tree.total))
    return (
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">\n'
        "<style>text{font:11px ui-monospace,monospace;fill:#24292f}rect{stroke:#ffffff}</style>\n"
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="4" y="18">{escape(title)}</text>\n'
        f"{boxes}\n</svg>\n"
    )


def _boxes(node: Node, left: float, level: int, scale: float, unit: str, whole: float) -> Iterator[str]:
    width = node.total * scale
    if width < _LEAST:
        return
    top = _TOP + level * _ROW
    short = node.name[-int(width / _LETTER) :] if width > 3 * _LETTER else ""
    note = f"{node.name}: {node.total:,.0f} {unit}, {node.total / whole:.1%}"
    yield (
        f'<g><title>{escape(note)}</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_ROW}" '
        f'fill="{_COLOURS[sum(node.name.encode()) % len(_COLOURS)]}"/>'
        f'<text x="{left + 2:.1f}" y="{top + 12}">{escape(short)}</text></g>'
    )
    for child in node.children.values():
        yield from _boxes(child, left, level + 1, scale, unit, whole)
        left += child.total * scale


def main() -> None:
    """Draw both pictures."""
    with closing(Bench(rounds=1)) as bench:
        package = bench.tree.package
        code = f"import sys; sys.path.insert(0, {str(package.task)!r}); import chalicelib.api.authorizer"
        done = subprocess.run(  # noqa: S603 - our own words
            [*package.command, "-X", "importtime", "-c", code],
            cwd=package.task,
            env=bare() | as_lambda_sets(package, AUTHORIZER, "127.0.0.1:9") | bench.tree.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        worker, who = bench.signed_in
        event = bearer_event(who.access_token)
        stacks = worker.run("sampled", handler=AUTHORIZER, event=event, calls=_CALLS).value
    tree = import_tree(done.stderr, "python, authorizer")
    title = f"Import of the authorizer: {tree.total / 1e3:.0f} ms"
    IMPORTS.write_text(svg(tree, title, "us"), encoding="utf-8")
    decision = svg(stack_tree(stacks, "decision"), "A warm decision, by CPU time", "samples")
    DECISION.write_text(decision, encoding="utf-8")


if __name__ == "__main__":
    main()
