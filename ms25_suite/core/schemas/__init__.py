"""JSON Schemas of the suite's files.

Each schema is generated from the dataclass that reads the file, and lies beside this module as
``NAME.schema.json``. After a change of such a class, ``ms25 schema NAME --out FILE`` writes it
again.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import Any, Final

from ms25_suite.core.contracts import json_schema
from ms25_suite.core.errors import UsageError, did_you_mean

__all__ = ["SCHEMAS", "schema_of", "schema_text"]

SCHEMAS: Final = {
    "results": "ms25_suite.core.results:ResultsDocument",
    "card": "ms25_suite.datasets.cards.card:CardTable",
    "manifest": "ms25_suite.training.manifest:Manifest",
}
"""Class that declares a kind of file, as ``module:Class``, by the name of its schema."""

_SECTION = re.compile(r"\n\n[A-Z][^\n]*\n-{4,}\n")
"""Heading of a section of a NumPy docstring."""

_ENTRY = re.compile(r"^(\S[^\n]*)\n((?:[ ]{4}[^\n]*(?:\n|$)|\n)+)", re.MULTILINE)
"""Names and indented text of an entry of the section ``Parameters``."""


def schema_of(name: str) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a kind of file.

    Parameters
    ----------
    name
        Key of `SCHEMAS`.

    Raises
    ------
    UsageError
        There is no schema of that name.
    """
    if name not in SCHEMAS:
        msg = (
            f"unknown schema {name!r}.{did_you_mean(name, SCHEMAS)} "
            f"Known schemas: {', '.join(sorted(SCHEMAS))}"
        )
        raise UsageError(msg)
    module, _, owner = SCHEMAS[name].partition(":")
    schema = json_schema(getattr(import_module(module), owner))
    # Nested dataclasses are in `$defs`.
    for declared in (schema, *schema.get("$defs", {}).values()):
        _describe_properties(declared)
    return schema


def schema_text(name: str) -> str:
    """Text of the file of a schema; arguments and errors as for `schema_of`."""
    return json.dumps(schema_of(name), indent=1, ensure_ascii=False) + "\n"


def _describe_properties(schema: dict[str, Any]) -> None:
    """Split the docstring in ``description`` into descriptions of the class and its fields."""
    text, *sections = _SECTION.split(schema.get("description", ""))
    if text:
        schema["description"] = _prose(text)
    properties = schema.get("properties", {})
    for names, body in _ENTRY.findall(sections[0] + "\n" if sections else ""):
        for field in names.split(", "):
            if field in properties:
                properties[field]["description"] = _prose(body)


def _prose(text: str) -> str:
    """Text of a docstring in one line, with the words of JSON."""
    return re.sub(r"\bNone\b", "null", " ".join(text.split())).replace("``", "`")
