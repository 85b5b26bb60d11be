"""The device of a model that PyTorch evaluates."""

from __future__ import annotations

from ms25_suite.core.errors import PotentialError

__all__ = ["expect_device"]


def expect_device(device: str) -> None:
    """Make sure that PyTorch can use a device.

    Parameters
    ----------
    device
        ``cpu``, ``cuda``, ``cuda:1``, …

    Raises
    ------
    PotentialError
        It is a GPU, and PyTorch finds none.
    """
    import torch

    if device.startswith("cuda") and not torch.cuda.is_available():
        msg = f"device {device!r} was asked for, but PyTorch finds no CUDA GPU. Use --device=cpu"
        raise PotentialError(msg)
