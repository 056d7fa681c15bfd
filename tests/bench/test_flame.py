"""The pictures of where the time goes, from reports that are written here."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.bench.flame import import_tree, stack_tree, svg

IMPORTS = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |     inner
import time:        20 |        120 |   middle
import time:         5 |          5 |   second
import time:        10 |        135 | outer
import time:         7 |          7 | alone
"""


def test_a_module_contains_what_it_imports() -> None:
    tree = import_tree(IMPORTS, "all")
    outer = tree.children["outer"]
    assert list(tree.children) == ["outer", "alone"]
    assert (tree.total, outer.total, outer.own) == (142, 135, 10)
    assert list(outer.children) == ["middle", "second"]
    assert list(outer.children["middle"].children) == ["inner"]
    assert tree.depth == 4


def test_stacks_are_added_up() -> None:
    tree = stack_tree({"a;b": 3, "a;c": 1, "a": 2}, "all")
    assert (tree.total, tree.children["a"].own, tree.children["a"].children["b"].total) == (6, 2, 3)


def test_boxes_are_as_wide_as_their_share_and_lie_below_their_caller() -> None:
    drawn = ET.fromstring(svg(stack_tree({"a<b>;c": 3, "d": 1}, "all"), "title & co", "samples"))  # noqa: S314 - ours
    space = "{http://www.w3.org/2000/svg}"
    boxes = {str(box.findtext(f"{space}title")): box.find(f"{space}rect") for box in drawn.iter(f"{space}g")}
    wide, narrow = boxes["a<b>: 3 samples, 75.0%"], boxes["d: 1 samples, 25.0%"]
    assert wide is not None
    assert narrow is not None
    assert (wide.get("width"), narrow.get("x")) == ("750.0", "750.0")
    assert wide.get("y") == narrow.get("y")
