"""The device of a model that PyTorch evaluates."""

from __future__ import annotations

from ms25_suite.core.errors import PotentialError

__all__ = ["expect_device"]


def expect_device(device: str, dtype: str = "") -> None:
    """Make sure that PyTorch can use a device.

    Parameters
    ----------
    device
        ``cpu``, ``mps``, ``cuda``, ``cuda:1``, …
    dtype
        Floating-point type that is wanted there; empty: not known.

    Raises
    ------
    PotentialError
        It is a GPU, and PyTorch does not find it; or it has no such floating-point type.
    """
    import torch

    kind, _, number = device.partition(":")
    if kind == "cuda" and not torch.cuda.is_available():
        msg = f"device {device!r} was asked for, but PyTorch finds no CUDA GPU. Use --device=cpu"
        raise PotentialError(msg)
    if kind == "cuda" and number and int(number) >= (found := torch.cuda.device_count()):
        msg = (
            f"device {device!r} was asked for, but PyTorch finds {found} CUDA GPU"
            f"{'s' * (found > 1)}, of which the first is cuda:0. Use --device=cuda"
        )
        raise PotentialError(msg)
    if kind == "mps" and not torch.backends.mps.is_available():
        msg = (
            f"device {device!r} was asked for, but PyTorch finds no GPU of Apple. Use --device=cpu"
        )
        raise PotentialError(msg)
    if kind == "mps" and dtype == "float64":
        msg = f"device {device!r} has no float64. Use --dtype=float32, or --device=cpu"
        raise PotentialError(msg)
