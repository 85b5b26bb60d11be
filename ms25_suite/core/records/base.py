"""Base of the classes that describe a part of a run, with their form in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Self

from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import ReportError
from ms25_suite.core.text.shown import encodable

__all__ = ["Record", "plain"]


class Record:
    """Base of the frozen dataclasses that describe a part of a run."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        nullable = self._nullable()
        values = {
            field.name: plain(getattr(self, field.name))
            for field in fields(self)  # type: ignore[arg-type]
        }
        return {key: value for key, value in values.items() if value is not None or key in nullable}

    @classmethod
    def from_dict(cls, record: object, where: str = "") -> Self:
        """Inverse of `to_dict`; unknown keys are ignored.

        Parameters
        ----------
        record
            Table from a file or from a worker of pytest-xdist.
        where
            Start of the message of an error; the name of the class if it is empty.

        Raises
        ------
        ReportError
            A key is missing, or a value has a wrong type.
        """
        return read_as(cls, record, where or cls.__name__, ReportError)

    def _nullable(self) -> tuple[str, ...]:
        """Keys that are written as null, instead of being left out, if they are None."""
        return ()


def plain(value: Any) -> Any:
    """A value as JSON has it, with texts that can be encoded."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, str):
        return encodable(value)
    # Nested records.
    return value.to_dict() if hasattr(value, "to_dict") else value
