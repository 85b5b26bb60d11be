"""Arrays in one block of memory, so that one copy takes all of them to a device."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import torch

__all__ = ["Packed"]

_ALIGNED: Final = 64
"""Arrays begin at multiples of this number of bytes."""


class Packed:
    """Arrays one after the other in one block of memory.

    Parameters
    ----------
    arrays
        Arrays by name.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        self._arrays = {name: np.ascontiguousarray(found) for name, found in arrays.items()}
        self._starts: dict[str, int] = {}
        at = 0
        for name, found in self._arrays.items():
            self._starts[name] = at
            at += math.ceil(found.nbytes / _ALIGNED) * _ALIGNED
        self._n_bytes = at

    def host(self, *, pinned: bool) -> torch.Tensor:
        """The block on the host; copies from pinned memory do not make the host wait."""
        import torch

        block = torch.empty(self._n_bytes, dtype=torch.uint8, pin_memory=pinned)
        bytes_of = block.numpy()
        for name, found in self._arrays.items():
            start = self._starts[name]
            bytes_of[start : start + found.nbytes] = found.reshape(-1).view(np.uint8)
        return block

    def tensors(self, block: torch.Tensor) -> dict[str, torch.Tensor]:
        """The arrays in a copy of the block."""
        import torch

        tensors = {}
        for name, found in self._arrays.items():
            start = self._starts[name]
            kind = torch.from_numpy(np.empty(0, dtype=found.dtype)).dtype
            part = block[start : start + found.nbytes].view(kind)
            tensors[name] = part.reshape(found.shape)
        return tensors
