"""Times and memory of a device that works asynchronously."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

__all__ = ["Clock", "Timing"]

_REPEATS: Final = 5
"""Measurements of which the median is taken, if the time allows."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of a function that was called several times.

    Parameters
    ----------
    median_s, least_s, most_s
        Wall times of one call in seconds, everything on the device included.
    repeats
        Number of calls, after those to warm up.
    """

    median_s: float
    least_s: float
    most_s: float
    repeats: int


class Clock:
    """Clock of a device.

    Parameters
    ----------
    device
        ``cuda``, ``cuda:1``, …, or ``cpu``, which has no memory of its own.
    """

    def __init__(self, device: str) -> None:
        import torch

        self._cuda = torch.cuda if device.startswith("cuda") else None
        self._device = device

    def wait(self) -> None:
        """Wait until the device has done all that it was told."""
        if self._cuda is not None:
            self._cuda.synchronize(self._device)

    def free(self) -> None:
        """Give unused memory back to the device, for other processes."""
        gc.collect()
        if self._cuda is not None:
            self._cuda.empty_cache()

    def peak_bytes(self, function: Callable[[], Any]) -> int | None:
        """Largest memory of the device during a call, beyond that before; None on the CPU."""
        if self._cuda is None:
            function()
            return None
        self.wait()
        self._cuda.reset_peak_memory_stats(self._device)
        before = self._cuda.memory_allocated(self._device)
        function()
        self.wait()
        return int(self._cuda.max_memory_allocated(self._device) - before)

    def once(self, function: Callable[[], Any]) -> float:
        """Wall time of one call in seconds."""
        self.wait()
        start = time.perf_counter()
        function()
        self.wait()
        return time.perf_counter() - start

    def time(self, function: Callable[[], Any], *, most_s: float = 5.0, warm_up: int = 2) -> Timing:
        """Median of several calls, after some to warm up.

        Parameters
        ----------
        function
            What to time.
        most_s
            About the longest time in seconds for all calls: fewer are made if one takes long.
        warm_up
            Calls before, which load modules, choose kernels and fill caches.
        """
        first = 0.0
        for _ in range(warm_up):
            first = self.once(function)
        repeats = int(min(_REPEATS, max(1, (most_s - warm_up * first) // max(first, 1e-9))))
        times = np.array([self.once(function) for _ in range(repeats)])
        return Timing(float(np.median(times)), float(times.min()), float(times.max()), repeats)
