"""Writing a dataset card beside its file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ms25_suite.cache import atomic_path

__all__ = ["card_path", "write_card"]


def card_path(data: Path) -> Path:
    """Path of the card of a file of frames: the same name, ending ``.toml``."""
    from ms25_suite.datasets.sources import stem

    return data.with_name(f"{stem(data)}.toml")


def write_card(path: Path, values: Mapping[str, Any]) -> None:
    """Write a card.

    Parameters
    ----------
    path
        The TOML file.
    values
        Keys of the card; a mapping becomes a table (of tables), a list of mappings an
        array of tables, and one inside a table a list of inline tables.
        None and empty values are left out.
    """
    kept = {key: value for key, value in values.items() if value not in (None, "", (), [], {})}
    plain = {key: value for key, value in kept.items() if not _is_table(value)}
    lines = [f"{key} = {_literal(value)}" for key, value in plain.items()]
    for key, value in kept.items():
        if key in plain:
            continue
        tables = [value] if isinstance(value, Mapping) else value
        for table in tables:
            lines += ["", f"[{key}]" if isinstance(value, Mapping) else f"[[{key}]]"]
            lines += [
                f"{name} = {_literal(entry)}"
                for name, entry in table.items()
                if not isinstance(entry, Mapping)
            ]
            for name, entry in table.items():
                if isinstance(entry, Mapping):
                    lines += ["", f"[{key}.{name}]"]
                    lines += [f"{inner} = {_literal(item)}" for inner, item in entry.items()]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, Sequence) and bool(value) and isinstance(value[0], Mapping)
    )


def _literal(value: Any) -> str:
    """TOML literal; JSON's strings, numbers, booleans and lists of those are TOML as well."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_literal(item)}' for key, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
