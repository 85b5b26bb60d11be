"""``ms25 train``: train a potential on the frames of a dataset."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.cli.tier import add_tier_option, tier_of
from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import shown_lines

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from ms25_suite.training import TrainedModel

__all__ = ["add_parser", "run"]

_DESCRIPTION = """\
Train a potential on the training frames of a dataset, with its validation frames to choose the
epoch. The same training is done once: later calls take the model from the cache. A training that
was stopped is continued by the same command.
"""


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "train",
        help="train a potential",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "architecture",
        metavar="ARCH",
        help="allegro, ani, mace, mtp, nequip, or an architecture of another package",
    )
    parser.add_argument(
        "--dataset",
        metavar="DATASET",
        required=True,
        help="built-in name, file of frames, folder or card",
    )
    add_tier_option(parser)
    parser.add_argument(
        "--n",
        type=int,
        metavar="N",
        help="number of training frames (default: 100, or all if there are fewer)",
    )
    parser.add_argument(
        "--set", type=int, default=1, metavar="K", help="set of splits (default: 1)"
    )
    parser.add_argument(
        "--split",
        choices=("frame", "trajectory"),
        help="draw frames, or whole trajectories (default: as the dataset's card says)",
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    parser.add_argument(
        "--budget", default="smoke", help="recipe: smoke (default), series, standard or paper"
    )
    tuning = parser.add_argument_group("fine-tuning")
    tuning.add_argument(
        "--foundation", metavar="FILE", help="model file to start from, instead of random weights"
    )
    tuning.add_argument(
        "--strategy",
        metavar="NAME",
        help="naive (default), replay (default with --replay) or lora",
    )
    tuning.add_argument(
        "--replay",
        metavar="DATASET",
        help="frames of the training of the foundation that are trained beside the new ones",
    )
    tuning.add_argument("--head", metavar="NAME", help="head of the foundation to start from")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="copy the model, and its sidecar FILE.json, to this place",
    )
    parser.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, …, or auto")
    parser.add_argument(
        "--threads", type=int, metavar="N", help="number of threads (default: by recipe)"
    )


def run(args: argparse.Namespace) -> int:
    """Train, and print the path of the model. After Ctrl-C, the same command continues.

    Returns
    -------
    int
        0.

    Raises
    ------
    Ms25Error
        The training failed; the class of the error says why.
    """
    trained = _train(args)
    path = trained.model_path if args.out is None else _copy(trained, args.out)
    print(shown_lines(_summary(trained, path)))
    return 0


def _train(args: argparse.Namespace) -> TrainedModel:
    from ms25_suite.datasets.dataset import open_dataset
    from ms25_suite.potentials.registry import get_trainer
    from ms25_suite.potentials.variants.fine_tuning import Tuning
    from ms25_suite.training import RichProgress, train
    from ms25_suite.training.data import training_data, training_request

    # A misspelled name fails before the dataset is opened, which may take long.
    trainer = get_trainer(args.architecture)
    trainer.recipe(args.budget)
    tuning = Tuning.of(args.architecture, vars(args), f"ms25 train {args.architecture}")
    if args.out is not None and args.out.is_dir():
        msg = f"--out={args.out} is a folder; give the name of the model file"
        raise UsageError(msg)
    dataset = open_dataset(args.dataset, tier=tier_of(args))
    request = training_request(
        dataset,
        trainer,
        n=args.n,
        set=args.set,
        seed=args.seed,
        budget=args.budget,
        split=args.split,
    )
    data = training_data(dataset, request)
    if tuning is not None:
        replayed = open_dataset(tuning.replay, tier=tier_of(args)) if tuning.replay else None
        data = tuning.open(trainer, request, data, replayed, args.device)
    return train(
        trainer,
        request,
        data,
        device=args.device,
        threads=args.threads,
        progress=RichProgress(sys.stderr),
    )


def _copy(trained: TrainedModel, out: Path) -> Path:
    from ms25_suite.core.cache import atomic_path
    from ms25_suite.training.manifest import write_manifest

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(out) as temporary:
            shutil.copyfile(trained.model_path, temporary)
        # The sidecar names its model file, which has another name now.
        model = replace(trained.manifest.model, file=out.name)
        write_manifest(out, replace(trained.manifest, model=model))
    except OSError as error:
        msg = f"the model is trained, but cannot be copied to {out}: {error}"
        raise UsageError(msg) from error
    return out


def _summary(trained: TrainedModel, path: Path) -> str:
    from ms25_suite.core.units import MEV_PER_EV

    manifest = trained.manifest
    errors = manifest.validation_errors
    how = "from the cache" if trained.reused else f"trained in {manifest.wall_time:.0f} s"
    text = f"{path}\n{how}; epoch {manifest.model.epoch} ({manifest.model.chosen_by})"
    parts = []
    if "energy_mae" in errors:
        parts.append(f"energy {MEV_PER_EV * errors['energy_mae']:.2f} meV/atom")
    if "forces_mae" in errors:
        parts.append(f"forces {MEV_PER_EV * errors['forces_mae']:.1f} meV/Å")
    return f"{text}; validation MAE: {', '.join(parts)}" if parts else text
