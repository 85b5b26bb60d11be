"""Pages of the criteria and of their thresholds, from the catalogue and from their file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ms25_site.tables import cell, code, table
from ms25_suite.core.catalogue import built_in

__all__ = ["checks_page", "thresholds_page"]

_CHECKS = """# The checks

Each check asks one question of a potential. Its page has the formula, the threshold with its
source, and how to read a failure. `pytest -m NAME` runs one of them.

"""

_THRESHOLDS = """# Thresholds

What decides a verdict, from `checks/thresholds.toml`. A dataset's card names the class;
`standard` is for most systems, `complex` for those that the paper judges by wider marks. Change
them by [`--ms25-thresholds`](options.md#thresholds), or in [a card](../datasets.md#the-card).

A *share* makes a threshold that depends on the labels: so many per cent of the error that
predictions without a look at the structure have, but the value at least ([decision
18](../adr/0018-marks.md)).

"""


def checks_page() -> str:
    """Page that lists the criteria in the order of the report."""
    rows = [
        (
            f"[{one.name}]({one.name}.md)",
            cell(one.question),
            _asked(one),
            ", ".join(code(name) for name in one.measures),
        )
        for one in built_in().values()
    ]
    return _CHECKS + table(("check", "question", "run by default", "quantities"), rows)


def _asked(criterion: Any) -> str:
    if not criterion.by_default:
        return f"no: `-m {criterion.name}`"
    return f"if the data have {cell(criterion.needs_text)}" if criterion.needs_text else "yes"


def thresholds_page(file: Path) -> str:
    """Page of all thresholds.

    Parameters
    ----------
    file
        ``checks/thresholds.toml``.
    """
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    parts = [_THRESHOLDS]
    for name, classes in tables.items():
        parts.append(f"## {name}\n\n[What it checks](../checks/{name}.md)\n\n")
        rows = [
            (
                kind,
                code(quantity),
                code(entry["metric"]),
                cell(f"{entry['value']:g} {entry['unit']}"),
                f"{entry['share']:g} %" if "share" in entry else "",
                cell(entry["source"]),
            )
            for kind, quantities in classes.items()
            for quantity, entry in quantities.items()
        ]
        heads = ("class", "quantity", "metric", "threshold", "share", "source")
        parts.append(table(heads, rows) + "\n")
    return "".join(parts)
