"""Kernels of other libraries, with which the models of an architecture can be evaluated."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ms25_suite.core.errors import UsageError, did_you_mean

__all__ = ["Backend", "expect_backend", "expect_tf32"]


@dataclass(frozen=True, slots=True)
class Backend:
    """A way to evaluate a model: the kernels of a library, or a compiler.

    Parameters
    ----------
    name
        Its name on the command line.
    distributions
        Distributions of which one must be installed; empty: none but the package itself.
    install
        Command that installs what it needs.
    devices
        Kinds of devices that it runs on.
    """

    name: str
    distributions: tuple[str, ...] = ()
    install: str = ""
    devices: tuple[str, ...] = ("cpu", "cuda")


def expect_backend(
    architecture: str,
    known: Sequence[Backend],
    name: str,
    *,
    device: str,
    installed: Collection[str],
) -> None:
    """Make sure that a back end can be used, before anything is loaded.

    Parameters
    ----------
    architecture
        Name of the architecture.
    known
        Its back ends.
    name
        The one that was asked for.
    device
        Where predictions are made.
    installed
        Distributions that are installed beside the package of the architecture.

    Raises
    ------
    UsageError
        There is no such back end, it does not run on this device, or it is not installed.
    """
    found = next((one for one in known if one.name == name), None)
    if found is None and not known:
        msg = (
            f"backend={name}: models of {architecture} have no choice of back ends. "
            "--mlip-compile makes them faster where that is possible"
        )
        raise UsageError(msg)
    if found is None:
        names = [one.name for one in known]
        hint = did_you_mean(name, names)
        msg = f"backend={name}: unknown for {architecture}.{hint} Known: {', '.join(names)}"
        raise UsageError(msg)
    kind = device.partition(":")[0]
    if kind not in found.devices:
        where = " and ".join(found.devices)
        msg = (
            f"backend={name} runs on {where} only, and the device is {device}. Leave it out, or "
            f"use --device={found.devices[0]}"
        )
        raise UsageError(msg)
    if found.distributions and not set(found.distributions) & set(installed):
        msg = f"backend={name} is not installed: {found.install}"
        raise UsageError(msg)


def expect_tf32(*, device: str, dtype: str) -> None:
    """Make sure that TF32 would change anything.

    It is a format of NVIDIA's GPUs: products of float32 matrices are rounded to 10 bits of the
    mantissa (https://docs.pytorch.org/docs/stable/notes/cuda.html).

    Raises
    ------
    UsageError
        The device is no such GPU, or predictions are not made in float32.
    """
    if not device.startswith("cuda"):
        msg = f"tf32=on: only NVIDIA GPUs have TF32, and the device is {device}. Leave it out"
        raise UsageError(msg)
    if dtype != "float32":
        msg = f"tf32=on: it rounds products of float32, found --dtype={dtype}: --dtype=float32"
        raise UsageError(msg)
