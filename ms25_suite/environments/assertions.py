"""Modules of other packages that need their assertions, also under ``python -O``."""

from __future__ import annotations

import importlib.util
import sys
from typing import Final

__all__ = ["import_with_assertions"]

_MARK: Final = "_ms25_has_assertions"


def import_with_assertions(name: str) -> None:
    """Import a module with its assertions, which Python leaves out under ``-O``.

    ASE's reader of extended XYZ goes to the next line inside of an assertion: without it, the
    reader takes comments for atoms.

    Parameters
    ----------
    name
        Name of the module; it is imported anew if it has been imported without assertions.
    """
    # With this constant an interpreter states that it keeps assertions.
    if __debug__ or hasattr(sys.modules.get(name), _MARK):
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    with open(spec.origin, encoding="utf-8") as file:  # noqa: PTH123
        code = compile(file.read(), spec.origin, "exec", optimize=0)
    setattr(module, _MARK, True)
    exec(code, module.__dict__)
    sys.modules[name] = module
