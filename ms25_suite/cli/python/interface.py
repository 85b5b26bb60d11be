"""The Python interface: ``ms25_suite.judge`` runs the command ``ms25`` and returns its results.

The checks run in a process of their own, as they do for the command, and not by ``pytest.main`` in
this one. That was tried: it leaves a folder in `sys.path` and some hundred modules behind,
swallows what other threads print meanwhile, removes ``PYTEST_CURRENT_TEST`` when it is called
inside a test, and its options stay in the environment for the next call. Here a notebook, a thread
or a running pytest stays as it was, and the results are those of the command by construction.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from ms25_suite.cli.python.inputs import Inputs, criteria_expression, option_arguments
from ms25_suite.cli.python.results import Results
from ms25_suite.core.errors import ReportError, UsageError
from ms25_suite.environments.processes import end_process, last_lines, start_process
from ms25_suite.potentials.workers.shared_calculator import ADDRESS_VARIABLE, CalculatorServer
from ms25_suite.report.merging.merge import load_results

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import BaseCalculator

__all__ = ["Results", "judge"]

_PROGRAM: Final = """
import os
import sys

# Variables that steer another pytest, perhaps the one that this run was started from.
for name in [name for name in os.environ if name.startswith("PYTEST_")]:
    del os.environ[name]

from ms25_suite.cli.main import main

sys.exit(main(sys.argv[1:]))
"""

_USAGE_ERROR: Final = 4
_NOTHING_RUN: Final = 5
"""Exit statuses of pytest."""

_POLL_S: Final = 0.1
_GRACE_S: Final = 10.0
"""Longest time in seconds that an interrupted run gets to end its workers."""


def judge(
    potential: str | Path | BaseCalculator | Sequence[Any] | Mapping[str, BaseCalculator],
    dataset: str | Path | Sequence[Atoms] | Sequence[Any] | Mapping[str, Sequence[Atoms]],
    *,
    criteria: str | Iterable[str] | None = None,
    data: str | Path | None = None,
    stand_in: str | None = None,
    align: str | None = None,
    thresholds: str | Path | Mapping[str, Any] | None = None,
    strict: bool = False,
    seed: int | None = None,
    device: str | None = None,
    dtype: str | None = None,
    workers: int | None = None,
    worker_timeout: float | None = None,
    batch_atoms: int | None = None,
    train_sizes: Sequence[int] | None = None,
    eos_relax: bool = False,
    neb_steps: int | None = None,
    neb_climb: bool = True,
    md_steps: int | None = None,
    md_ensembles: Sequence[str] | None = None,
    throughput_steps: int | None = None,
    throughput_atoms: Sequence[int] | None = None,
    lammps: str | Path | None = None,
    mlip_compile: bool = False,
    mlip_species: Sequence[str] | None = None,
    same_as: str | Path | None = None,
    parent: str | Path | None = None,
    scratch: str | Path | None = None,
    retention_data: Sequence[str | Path] = (),
    potential_file: str | Path | None = None,
    cache: bool = True,
    report_dir: str | Path | None = None,
    markdown: str | Path | None = None,
    baseline: str | Path | None = None,
    fail_if: Sequence[str] = (),
    save_baseline: str | Path | None = None,
    baseline_reason: str = "",
    errors_fail: bool = False,
    allow_skip: Sequence[str] = (),
    quiet: bool = True,
) -> Results:
    """Run the checks for a potential on a dataset.

    The results are those that pytest records for the same options. A check that cannot be run gives
    a result with the verdict ``error`` and the reason, as in pytest, and no exception.

    Parameters
    ----------
    potential
        What ``--mlip`` takes (a model file, ``train:mace:n=100``, ``calc.py``,
        ``package.module:factory``, ``reference``, ``baseline:mean``); an ASE calculator object; a
        list of these; or a dictionary of calculator objects by name. A calculator object is
        evaluated in this process and thread, one frame at a time, whatever `workers` says. A model
        file or calculator executes code when it is loaded: name only what you trust.
    dataset
        What ``--dataset`` takes (a built-in name, a file of frames, a folder, a card); a list of
        `ase.Atoms`, labelled by a ``SinglePointCalculator`` or by the keys ``REF_energy``,
        ``REF_forces`` and ``REF_stress``; a list of these; or a dictionary of lists of
        `ase.Atoms` by name. Atoms are passed on as an extxyz file, with 8 decimals.
    criteria
        Names of criteria; None for those that a run includes by default.
    data
        What names of built-in datasets mean: ``mini``, ``published``, or a folder of imported data;
        None for what the environment variable ``MS25_DATA`` says, or else ``mini``.
    stand_in
        ``gate`` to judge comparisons of a potential with stand-in labels of another level of theory
        than what it learned; by default they get the verdict ``incomparable``.
    align
        ``element`` to judge energies without a constant for each element, which is fitted to
        training or validation frames; ``none`` to judge them as they are; None for what the card of
        the dataset says.
    thresholds
        TOML file that replaces thresholds, or a dictionary of the same layout:
        ``{criterion: {class: {quantity: {"value", "unit", "metric", "source"}}}}``.
    strict
        Whether an undecided result counts as failed.
    seed
        Seed of the bootstrap intervals, and of molecular dynamics (default: 0).
    device, dtype
        Device (default: ``cpu``; ``auto``: a GPU if there is one) and floating-point type
        (default: ``float64``) of model files.
    workers, worker_timeout
        Worker processes for each potential (default: 1), and the longest wait for one answer in
        seconds (default: 600).
    batch_atoms
        Most atoms in a batch of predictions (default: 512 on a CPU, on a GPU what is fastest).
    train_sizes
        Training sizes for the data training rate of each ``train:`` potential.
    eos_relax
        Whether the equation of state is also computed with atoms that the potential relaxes.
    neb_steps, md_steps
        Most steps of the nudged elastic band, and time steps of molecular dynamics (default: 200).
    neb_climb
        Whether the barrier is that of a band whose highest image climbs once the band is relaxed;
        without, it is taken as the paper does.
    md_ensembles
        Ensembles of molecular dynamics: ``nve``, ``nvt`` (default: both).
    throughput_steps, throughput_atoms, lammps
        Time steps of each timed block, numbers of atoms to time as well, and the executable of
        LAMMPS (``none``: no pair styles) for the criterion ``throughput``.
    mlip_compile, mlip_species
        Whether NequIP and Allegro models are compiled first; chemical symbols of a model file that
        only numbers its species.
    same_as
        What `potential` ought to be: a model file, ``calc.py``, or anything else that ``--mlip``
        takes.
    parent, scratch
        What `potential` was fine-tuned from, and a potential that was trained on the same frames
        without it, for the criterion ``retention``; None for what the sidecar says, and for none.
    retention_data
        Datasets that `potential` was not fine-tuned for; by default built-in ones.
    potential_file
        Parameter file of a reference calculator.
    cache
        Whether predictions of earlier runs are reused, and those of this run kept.
    report_dir
        Folder for the report. Without one, no report is kept; `Results.save` writes it later.
    markdown
        File to which a summary in Markdown is added.
    baseline, fail_if
        File of accepted numbers: one that is worse fails. How much worse it may be, such as
        ``["forces:5%", "*:2%"]``.
    save_baseline, baseline_reason
        File to which the numbers are written as a baseline, and why they are accepted.
    errors_fail
        Whether the exit status in the results is 1, and not 10, if no check failed and one could
        not be run.
    allow_skip
        What may stay unjudged although it could be expected, such as ``["stress"]``.
    quiet
        Whether nothing is printed. Otherwise pytest's output is, as it comes.

    Returns
    -------
    Results
        One `CheckResult` for each number, with the verdict, and the description of the run.

    Raises
    ------
    UsageError
        An argument is invalid, there is no such dataset, criterion or file, or nothing can be
        checked.
    ReportError
        The run broke down, or its report cannot be written.

    Examples
    --------
    The EMT potential as the reference for copper, and a potential whose forces are 10 % too large:

    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> frames = []
    >>> for seed in range(10):
    ...     atoms = bulk("Cu", cubic=True)
    ...     atoms.rattle(0.1, seed=seed)
    ...     atoms.calc = EMT()
    ...     atoms.info["REF_energy"] = atoms.get_potential_energy()
    ...     atoms.arrays["REF_forces"] = atoms.get_forces()
    ...     atoms.calc = None
    ...     frames.append(atoms)
    >>> class TooStiff(EMT):
    ...     def calculate(self, *arguments, **options):
    ...         super().calculate(*arguments, **options)
    ...         self.results["forces"] *= 1.1

    >>> import ms25_suite as ms
    >>> results = ms.judge({"stiff": TooStiff()}, {"copper": frames})
    >>> results.verdict.value
    'fail'
    >>> for result in results.where(metric="mae"):
    ...     print(result.quantity, result.verdict.value)
    energy pass
    forces fail
    stress skip
    """
    place = _Scratch()
    inputs = Inputs(place.path)
    target = place.path / "report" if report_dir is None else Path(report_dir).expanduser()
    arguments = [
        *(f"--mlip={text}" for text in inputs.potentials(potential)),
        *(f"--dataset={text}" for text in inputs.datasets(dataset)),
        f"--report-dir={target}",
        *option_arguments(
            {
                "-m": criteria_expression(criteria),
                "--data": data,
                "--stand-in": stand_in,
                "--align": align,
                "--ms25-thresholds": inputs.thresholds(thresholds),
                "--ms25-strict": strict,
                "--ms25-seed": seed,
                "--device": device,
                "--dtype": dtype,
                "--workers": workers,
                "--worker-timeout": worker_timeout,
                "--batch-atoms": batch_atoms,
                "--train-sizes": train_sizes,
                "--eos-relax": eos_relax,
                "--neb-steps": neb_steps,
                "--no-neb-climb": not neb_climb,
                "--md-steps": md_steps,
                "--md-ensembles": md_ensembles,
                "--throughput-steps": throughput_steps,
                "--throughput-atoms": throughput_atoms,
                "--lammps": lammps,
                "--mlip-compile": mlip_compile,
                "--mlip-species": mlip_species,
                "--same-as": same_as,
                "--ms25-parent": parent,
                "--ms25-scratch": scratch,
                "--ms25-retention-data": list(retention_data) or None,
                "--potential-file": potential_file,
                "--ms25-no-cache": not cache,
                "--ms25-markdown": markdown,
                "--ms25-baseline": baseline,
                "--ms25-fail-if": list(fail_if) or None,
                "--ms25-save-baseline": save_baseline,
                "--ms25-baseline-reason": baseline_reason or None,
                "--ms25-errors-fail": errors_fail,
                "--ms25-allow-skip": list(allow_skip) or None,
            }
        ),
    ]
    # A folder of the user may hold the results of an earlier run, which must not be taken for
    # these.
    written = target / "results.json"
    # Inode and time: reports are written to a new file that replaces the old one.
    before = _identity(written)
    status, output = _run(arguments, inputs, None if quiet else sys.stdout)
    if status == _USAGE_ERROR:
        raise UsageError(_usage_message(output))
    if _identity(written) in (before, None):
        if status == _NOTHING_RUN:
            msg = (
                "no check can be run for these arguments. The output of pytest:\n"
                f"{last_lines(output)}"
            )
            raise UsageError(msg)
        msg = f"the run ended with exit status {status} and without results:\n{last_lines(output)}"
        raise ReportError(msg)
    run, results = load_results([written])
    return Results(run, results, owner=place)


class _Scratch:
    """A temporary folder, deleted with the last results that need it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="ms25-judge-"))
        # Also at the end of the interpreter, unlike `__del__`.
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def _identity(path: Path) -> tuple[int, int] | None:
    """Inode and modification time, by which a new file differs from an older one of its name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _run(arguments: Sequence[str], inputs: Inputs, show: IO[str] | None) -> tuple[int, str]:
    """Run ``ms25`` in a process of its own, and evaluate calculator objects for it.

    Parameters
    ----------
    arguments
        Arguments of the command.
    inputs
        The calculators, and the folder for the socket and the output.
    show
        Where to print the output as it comes; None: nowhere.

    Returns
    -------
    status, output
        Exit status, and what was written to standard output and standard error.
    """
    log = inputs.folder / "output.txt"
    with CalculatorServer(inputs.calculators, inputs.folder) as server:
        # -P: as for the installed command, modules in this folder hide no others.
        process = start_process(
            [sys.executable, "-u", "-P", "-c", _PROGRAM, *arguments],
            folder=Path.cwd(),
            output=log,
            variables={ADDRESS_VARIABLE: server.address},
            scratch=inputs.folder,
        )
        try:
            with log.open(encoding="utf-8", errors="replace") as output:
                while process.poll() is None:
                    server.serve(_POLL_S)
                    _show(output, show)
                _show(output, show)
        except BaseException:
            # Ctrl-C reaches this process only. Passed on, pytest ends its workers by itself.
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
            end_process(process)
            raise
    return process.returncode, log.read_text(encoding="utf-8", errors="replace")


def _show(output: IO[str], show: IO[str] | None) -> None:
    """Print what has been written since the last time."""
    if show is not None and (text := output.read()):
        show.write(text)
        show.flush()


def _usage_message(output: str) -> str:
    """Message of pytest about an invalid command line."""
    return output.rpartition("ERROR: ")[2].strip()
