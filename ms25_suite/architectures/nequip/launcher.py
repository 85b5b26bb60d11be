"""Training by the nequip framework in phases, each from the best model of the one before.

Run in the environment of nequip as ``… ms25_suite.architectures.nequip.launcher CONFIG``;
``CONFIG`` is a file of JSON that `ms25_suite.architectures.nequip.trainer` writes.

The framework's own script trains one phase in one process, and a model that started from the
checkpoint of another phase can never be loaded without that file. Here all phases run in one
process (importing the framework takes seconds), and a later phase takes over the weights only, so
that each checkpoint is complete. The framework builds everything from the same configuration that
its script reads.
"""

from __future__ import annotations

import json
import math
import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ms25_suite.core.cache import atomic_path
from ms25_suite.core.sealed import sealed_json, unseal_json

__all__ = ["main", "run"]

_DONE = "done.json"


def main() -> None:
    """Run the training of a configuration file."""
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    from ms25_suite.architectures.nequip.callback import NotANumberError

    try:
        run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    except NotANumberError as error:
        sys.exit(f"stopped: {error}")


def run(config: Mapping[str, Any]) -> None:
    """Train all phases that are not finished, and pack the best model of the last one.

    Parameters
    ----------
    config
        ``data`` and ``training_module`` as in nequip's configuration; ``phases``, of which each
        has its ``epochs``, ``seconds`` (or None) and its own parts of ``training_module``;
        ``accelerator``, ``gradient_clip_val``, and the paths ``output``, ``results`` and
        ``model``. A fine-tuning has the path ``foundation``, and ``shifts_are_relative``: whether
        energies of the elements are changes to those of the foundation.
    """
    from hydra.utils import instantiate
    from nequip.scripts._workflow_utils import set_workflow_state
    from nequip.utils.global_state import set_global_state

    # nequip's own script sets these first; loading and packing of models depend on them.
    set_workflow_state("train")
    set_global_state()
    output = Path(config["output"])
    output.mkdir(exist_ok=True)
    if "foundation" in config:
        statistics = {}
        config = _from_foundation(config)
    else:
        statistics = _statistics(config, output / "statistics.json")
    folder: Path | None = None
    before, best = 0, dict[str, Any]()
    for index, phase in enumerate(config["phases"]):
        previous, folder = folder, output / f"phase-{index + 1}"
        folder.mkdir(exist_ok=True)
        done = folder / _DONE
        if not done.exists():
            # A new data module for each phase, so that the random order of frames starts again.
            data = instantiate(config["data"], _recursive_=False)
            module = _module(config, phase, statistics, data)
            result = _train(config, phase, module, data, folder, previous, before)
            _write_json(done, result)
        best = unseal_json(done.read_bytes(), str(done))
        before += int(best["epochs"])
    if folder is None:
        msg = "a training needs at least one phase"
        raise ValueError(msg)
    set_workflow_state(None)
    _pack(folder, Path(config["model"]))
    _write_json(output / _DONE, best)


def _from_foundation(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with types and energies of the elements of the model to start from.

    nequip replaces energies of the elements, and the suite knows by how much they must be moved.
    """
    import copy

    from nequip.model.saved_models.package import ModelFromPackage

    changed = copy.deepcopy(dict(config))
    model = ModelFromPackage(changed["foundation"])
    # The class is that of the package, not that of the installed nequip.
    found = [one for one in model.modules() if type(one).__name__ == "PerTypeScaleShift"]
    if len(found) != 1:
        sys.exit(f"expected one PerTypeScaleShift in the foundation, found {len(found)}")
    types = [str(name) for name in found[0].type_names]
    data = changed["data"]
    data["transforms"][0]["model_type_names"] = types
    data["stats_manager"]["type_names"] = types
    if changed["shifts_are_relative"]:
        values = found[0].shifts.detach().reshape(-1).tolist()
        own = dict(zip(types, values if len(values) > 1 else values * len(types), strict=True))
        (modifier,) = changed["training_module"]["model"]["modifiers"]
        modifier["shifts"] = {name: own[name] + by for name, by in modifier["shifts"].items()}
    return changed


def _statistics(config: Mapping[str, Any], path: Path) -> dict[str, float]:
    """Mean number of neighbours and root mean square of the forces of the training frames."""
    from hydra.utils import instantiate

    if not path.exists():
        found = instantiate(config["data"], _recursive_=False).get_statistics("train")
        names = ("num_neighbors_mean", "forces_rms")
        _write_json(path, {name: float(found[name]) for name in names})
    return unseal_json(path.read_bytes(), str(path))


def _module(
    config: Mapping[str, Any], phase: Mapping[str, Any], statistics: Mapping[str, float], data: Any
) -> Any:
    from hydra.utils import instantiate
    from nequip.utils import get_current_code_versions
    from nequip.utils.global_state import get_latest_global_state

    settings = {**config["training_module"], **phase["training_module"]}
    # Energies are scaled by the spread of the forces, sums over edges by the number of neighbours;
    # a dataset of lone atoms has neither.
    # A foundation has both already.
    if statistics:
        settings["model"] = {
            **settings["model"],
            "avg_num_neighbors": statistics["num_neighbors_mean"] or 1.0,
            "per_type_energy_scales": statistics["forces_rms"] or 1.0,
        }
    description = {
        "versions": get_current_code_versions(verbose=False),
        "data": config["data"],
        "trainer": {},
        "global_options": dict(get_latest_global_state()),
        "runs": ["train"],
        "training_module": settings,
    }
    return instantiate(
        settings,
        _recursive_=False,
        _convert_="all",
        num_datasets=data.num_datasets,
        info_dict=description,
    )


def _train(
    config: Mapping[str, Any],
    phase: Mapping[str, Any],
    module: Any,
    data: Any,
    folder: Path,
    previous: Path | None,
    before: int,
) -> dict[str, Any]:
    """Train one phase, continuing it if it was started before."""
    import lightning
    from lightning.pytorch.callbacks import Timer

    from ms25_suite.architectures.nequip.callback import BEST, LAST, EpochRecorder

    last = folder / LAST
    if last.exists():
        _take_order(data, last)
    elif previous is not None:
        _take_weights(module, previous / BEST)
    recorder = EpochRecorder(Path(config["results"]), folder, before)
    callbacks: list[Any] = [recorder]
    if phase["seconds"] is not None:
        # Ends a phase after a whole epoch, so that its last state was validated.
        callbacks.append(Timer({"seconds": phase["seconds"]}, interval="epoch", verbose=False))
    trainer = lightning.Trainer(
        accelerator=config["accelerator"],
        devices=1,
        max_epochs=phase["epochs"],
        gradient_clip_val=config["gradient_clip_val"],
        callbacks=callbacks,
        # Forces are derivatives: nequip's script sets the same.
        inference_mode=False,
        num_sanity_val_steps=0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=str(folder),
    )
    trainer.fit(
        module,
        datamodule=data,
        ckpt_path=str(last) if last.exists() else None,
        weights_only=False,
    )
    return {
        "epochs": trainer.current_epoch,
        "epoch": recorder.best_epoch,
        "loss": recorder.best_loss if math.isfinite(recorder.best_loss) else None,
    }


def _take_order(data: Any, checkpoint: Path) -> None:
    """Restore the random order of the frames; Lightning does so only after they are drawn."""
    import torch

    state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    data.load_state_dict(state[type(data).__qualname__])


def _take_weights(module: Any, checkpoint: Path) -> None:
    """Start from the weights that were validated: the averaged ones, if there are any."""
    # `evaluation_model` has the averaged weights, those of the lowest validation loss.
    found = (
        type(module)
        .load_from_checkpoint(checkpoint, map_location="cpu", weights_only=False)
        .evaluation_model
    )
    module.model.load_state_dict(found.state_dict())
    if hasattr(module, "ema"):
        from nequip.train.ema import EMAWeights

        # A new average that starts here: the one that the module was built with still averages
        # its random initial weights.
        module.ema = EMAWeights(module.model, decay=module.ema.decay)
        module.ema.update_parameters(module.model)


def _pack(folder: Path, model: Path) -> None:
    """Write the model as a package, which needs no other file and no certain nequip version."""
    from nequip.scripts.package import main as package

    from ms25_suite.architectures.nequip.callback import BEST

    partial = model.with_name(f"{os.getpid()}.nequip.zip")
    try:
        # Under a name of this process first: a kill leaves no half package under the final name.
        package(["build", str(folder / BEST), str(partial)])
        partial.replace(model)
    finally:
        partial.unlink(missing_ok=True)


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    # The trainer removes a damaged one before it continues.
    with atomic_path(path) as partial:
        partial.write_text(sealed_json(value), encoding="utf-8")


if __name__ == "__main__":
    main()
