"""Draw the chart of the README from the benchmark's JSON: `python -m tests.bench.chart`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.bench.bench import WORK
from tests.infra.lambda_runtime.interpreter import PROJECT

NAMESPACE = "http://www.w3.org/2000/svg"
CHART = PROJECT / "docs" / "performance.svg"
_WIDTH, _LEFT, _RIGHT, _ROW, _TOP = 840, 400, 70, 34, 64
_MOST = 2.0
"""Multiples of a mark that the chart is wide: longer bars are cut."""
# Readable on a light and on a dark page: the page's own background shows through nowhere.
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.small{font-size:11px;fill:#57606a}"
    ".ok{fill:#2da44e}.missed{fill:#d4831c}.mark{stroke:#24292f;stroke-width:1.5;stroke-dasharray:4 3}"
)


def svg(document: dict[str, Any]) -> str:
    """Return the chart: for each row with a mark, what was measured as a share of that mark."""
    rows = [row for row in document["rows"] if row.get("mark") and "value" in row]
    height = _TOP + _ROW * len(rows) + 16
    scale = (_WIDTH - _LEFT - _RIGHT) / _MOST
    mark = _LEFT + scale
    title = f"Cost against its mark, medians of {document['rounds']}, {document['at'][:10]}"
    lines = [
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
        f'<text x="12" y="22">{escape(title)}</text>',
        '<text x="12" y="42" class="small">Shorter is better. Below a name: what it is held against.</text>',
        f'<text x="{mark:.0f}" y="42" class="small" text-anchor="middle">mark</text>',
        *(line for number, row in enumerate(rows) for line in _bar(row, _TOP + number * _ROW, scale)),
        f'<line class="mark" x1="{mark:.0f}" x2="{mark:.0f}" y1="{_TOP - 12}" y2="{height - 12}"/>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _bar(row: dict[str, Any], top: int, scale: float) -> list[str]:
    compared = row["value"] if row["ratio"] is None else row["ratio"]
    share = compared / row["mark"]
    number = f"{compared:.3g} of {row['mark']:g}"
    floor = f"of: {row['floor_is']}" if row["floor_is"] else row["unit"]
    length = max(2.0, min(share, _MOST) * scale)
    kind = "ok" if row["is_good"] else "missed"
    return [
        f'<text x="12" y="{top + 4}">{escape(row["title"])}</text>',
        f'<text x="12" y="{top + 18}" class="small">{escape(floor)}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{top - 6}" width="{length:.1f}" height="18" rx="2"/>',
        f'<text x="{_LEFT + length + 6:.1f}" y="{top + 8}" class="small">{escape(number)}</text>',
    ]


def main() -> int:
    """Draw. Return 1 without a benchmark to draw."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else WORK.with_suffix(".json")
    if not source.exists():
        print(f"There is no {source}: run make bench first.", file=sys.stderr)  # noqa: T201 - a command
        return 1
    CHART.write_text(svg(json.loads(source.read_text("utf-8"))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
