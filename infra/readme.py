"""`python -m infra.readme`: print the table of settings for README.md."""

from __future__ import annotations

from dataclasses import fields

from chalicelib.settings import Settings


def settings_table() -> str:
    """Return a Markdown table with variable, unit, default and meaning of every setting."""
    rows = ["| variable | unit | default | meaning |", "|---|---|---|---|"]
    for setting in fields(Settings):
        default = f"`{setting.default}`" if setting.default != "" else "empty"
        meta = setting.metadata
        bounds = f" ({meta['low']} to {meta['high']})" if meta["high"] is not None else ""
        bounds += f" ({' or '.join(f'`{one}`' for one in meta['choices'])})" if meta["choices"] else ""
        rows.append(f"| `{setting.name.upper()}` | {meta['unit']} | {default} | {meta['meaning']}{bounds} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(settings_table())
