"""Options behind the name of a model file: ``FILE:head=NAME,backend=NAME,tf32=on``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final, Self

from ms25_suite.core.errors import UsageError, did_you_mean

__all__ = ["EVERY_HEAD", "ModelOptions", "split_model_options"]

EVERY_HEAD: Final = "*"
"""Value of ``head`` that stands for each head of a model."""

_KNOWN: Final = ("head", "backend", "tf32")
_BEHIND: Final = re.compile(r"(?P<file>.+?):(?P<options>[A-Za-z_]\w*=[^/]*)")


def split_model_options(text: str) -> tuple[str, str]:
    """File and options of a value of ``--mlip`` that names a model file.

    A file whose name looks as if it had options is that file.
    """
    found = None if os.path.lexists(text) else _BEHIND.fullmatch(text)
    return (text, "") if found is None else (found["file"], found["options"])


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model file is evaluated.

    Parameters
    ----------
    head
        Head of a model that has several; empty for its own choice.
    backend
        Kernels of another library; empty for those of the package.
    tf32
        ``on``, ``off``, or empty for the default of the package.
    """

    head: str = ""
    backend: str = ""
    tf32: str = ""

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Read ``head=NAME,backend=NAME,tf32=on``.

        Parameters
        ----------
        text
            The options; may be empty.
        where
            Start of the message of an error.

        Raises
        ------
        UsageError
            An option is not known, has no value or one that it cannot have, or is given twice.
        """
        found: dict[str, str] = {}
        for item in filter(None, text.split(",")):
            key, equals, value = item.partition("=")
            if key not in _KNOWN or not equals or not value:
                hint = did_you_mean(key, _KNOWN)
                msg = f"{where}: {item!r} is not one of head=NAME, backend=NAME, tf32=on.{hint}"
                raise UsageError(msg)
            if key in found:
                msg = f"{where}: {key} is given twice"
                raise UsageError(msg)
            found[key] = value
        if found.get("tf32", "on") not in ("on", "off"):
            msg = f"{where}: tf32 is on or off, found {found['tf32']!r}"
            raise UsageError(msg)
        return cls(**found)

    @property
    def given(self) -> tuple[tuple[str, str], ...]:
        """Names and values of the options that are not left to the model."""
        return tuple((name, value) for name in _KNOWN if (value := getattr(self, name)))

    @property
    def text(self) -> str:
        """The options as they are written."""
        return ",".join(f"{name}={value}" for name, value in self.given)

    @property
    def label(self) -> str:
        """What tells such a potential apart from others of the same file, for its name."""
        tf32 = f"tf32-{self.tf32}" if self.tf32 else ""
        return "-".join(filter(None, (self.head, self.backend, tf32)))
