"""Pages of the files that the suite reads and writes, from the dataclasses that read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ms25_site.tables import cell, code, table
from ms25_suite.core.schemas import schema_of

__all__ = ["schema_page"]

_TITLES = {
    "results": "Results",
    "card": "Card of a dataset",
    "manifest": "Sidecar of a model",
}

_INTRODUCTIONS = {
    "results": "The layout of `results.json`, which every run writes. How to use it: "
    "[the report](../report.md).",
    "card": "The keys of a card, a TOML file that describes a dataset. Examples, and what the keys "
    "do: [your own data](../datasets.md#the-card).",
    "manifest": "The layout of `MODEL.json` beside a model that the suite trained: what it was "
    "trained on, and how. See [training](../training.md).",
}


def schema_page(name: str) -> str:
    """Page of a kind of file: its keys with type, default and meaning, nested tables below.

    Parameters
    ----------
    name
        Name of the schema, as ``ms25 schema`` takes it.
    """
    schema = schema_of(name)
    parts = [
        f"# {_TITLES[name]}\n\n{_INTRODUCTIONS[name]}\n\n",
        f"The same as a JSON Schema, for editors and programs: `ms25 schema {name}`.\n\n",
        "## Top level\n\n",
        _properties(schema),
    ]
    for title, declared in sorted(schema.get("$defs", {}).items()):
        parts.append(f"\n## {title}\n\n{_plain(declared.get('description', ''))}\n\n")
        parts.append(_properties(declared))
    return "".join(parts)


def _properties(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        (
            code(name),
            _type(entry),
            "*required*" if name in required else _default(entry),
            cell(entry.get("description", "")),
        )
        for name, entry in schema.get("properties", {}).items()
    ]
    if not rows:
        return f"{_type(schema)}\n"
    return table(("key", "type", "default", "meaning"), rows)


def _default(entry: Mapping[str, Any]) -> str:
    if "default" not in entry:
        return ""
    return code(json.dumps(entry["default"], ensure_ascii=False))


def _type(entry: Mapping[str, Any]) -> str:
    """Type of a value in words, with links to the tables that are described below."""
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in entry:
        return code(json.dumps(entry["const"]))
    if "enum" in entry:
        return " or ".join(code(json.dumps(one, ensure_ascii=False)) for one in entry["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in entry:
            return " or ".join(dict.fromkeys(map(_type, entry[several])))
    kind = entry.get("type", "anything")
    if kind == "array":
        if "prefixItems" in entry:
            return f"list of {', '.join(map(_type, entry['prefixItems']))}"
        return f"list of {_type(entry.get('items', {}))}"
    more = entry.get("additionalProperties")
    if kind == "object" and isinstance(more, Mapping):
        return f"table of {_type(more)}"
    words = {"object": "table", "string": "text", "null": "null", "boolean": "true or false"}
    return " or ".join(words.get(one, one) for one in ([kind] if isinstance(kind, str) else kind))


def _plain(text: str) -> str:
    return text.replace("<", "&lt;")
