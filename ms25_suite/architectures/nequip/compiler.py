"""``nequip-compile``, with volumes that native code can compute on a GPU.

Run in the environment of nequip as ``… ms25_suite.architectures.nequip.compiler``, with the
arguments of ``nequip-compile``.

For a stress nequip divides by ``torch.linalg.det(cell)``. AOTInductor has no native form of it, and
lets PyTorch compute it in the middle of the native code; with PyTorch 2.8 to 2.11 that crashes on a
GPU (https://github.com/mir-group/nequip/issues/563). The triple product of the three vectors is the
same number, and becomes native code like anything else.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["main", "triple_product"]


def triple_product(cell: torch.Tensor) -> torch.Tensor:
    """Determinants of matrices.

    Parameters
    ----------
    cell
        The matrices, shape ``(…, 3, 3)``.
    """
    a, b, c = cell.unbind(dim=-2)
    # Written out, since not every version of PyTorch makes native code of a cross product.
    return (
        a[..., 0] * (b[..., 1] * c[..., 2] - b[..., 2] * c[..., 1])
        + a[..., 1] * (b[..., 2] * c[..., 0] - b[..., 0] * c[..., 2])
        + a[..., 2] * (b[..., 0] * c[..., 1] - b[..., 1] * c[..., 0])
    )


def main() -> None:
    """Run ``nequip-compile``."""
    # nequip loads what it has made and compares it with the model, in the process that compiled it,
    # which PyTorch 2.11 does not survive with a GPU. The suite compares them before they are used.
    os.environ.setdefault("NEQUIP_SKIP_AOTI_MODEL_CHECK", "1")
    import torch
    from nequip.scripts.compile import main as nequip_compile

    # Models in a package bring their own code of nequip, but not of PyTorch.
    torch.linalg.det = triple_product
    nequip_compile()


if __name__ == "__main__":
    main()
