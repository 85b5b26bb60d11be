"""Write an untrained MACE model. Run in a process of its own: `import mace` alters torch."""

from __future__ import annotations

import ast
import os
import sys
import warnings

warnings.filterwarnings("ignore")
# e3nn 0.4.4 loads its constants in a way that torch 2.6 and newer refuse by default; `import mace`
# sets the same switch.
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"

import numpy as np  # noqa: E402
import torch  # noqa: E402
from e3nn import o3  # noqa: E402
from mace import modules  # noqa: E402


def main(
    path: str,
    numbers: list[int],
    r_max: float = 4.0,
    channels: int = 8,
    heads: str = "Default",
    embeddings: str = "",
    kind: str = "",
) -> None:
    names = heads.split(",")
    energies = np.linspace(-4.0, -3.0, len(numbers)) - 10.0 * np.arange(len(names))[:, None]
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(7)
    if kind == "long_range":
        from long_range import LongRange as Model
    else:
        Model = modules.ScaleShiftMACE  # noqa: N806
    options = {"embedding_specs": ast.literal_eval(embeddings)} if embeddings else {}
    model = Model(
        r_max=r_max,
        num_bessel=6,
        num_polynomial_cutoff=5,
        max_ell=2,
        interaction_cls=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        num_interactions=2,
        num_elements=len(numbers),
        hidden_irreps=o3.Irreps(f"{channels}x0e"),
        MLP_irreps=o3.Irreps("8x0e"),
        atomic_energies=energies if len(names) > 1 else energies[0],
        avg_num_neighbors=30.0,
        atomic_numbers=numbers,
        correlation=2,
        gate=torch.nn.functional.silu,
        atomic_inter_scale=[1.0] * len(names) if len(names) > 1 else 1.0,
        atomic_inter_shift=[0.0] * len(names) if len(names) > 1 else 0.0,
        heads=names,
        **options,
    )
    torch.save(model, path)
    torch.save({"model": model.state_dict()}, path.replace(".model", "_epoch-0.pt"))


if __name__ == "__main__":
    elements = [int(number) for number in sys.argv[2].split(",")]
    more = [float(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:]] if sys.argv[3:] else []
    main(sys.argv[1], elements, *more)
