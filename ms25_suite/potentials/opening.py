"""Potentials from model files, from ASE calculators and from the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ms25_suite.core.cache import cache_dir, file_sha256
from ms25_suite.core.errors import ModelFileError, UsageError
from ms25_suite.core.machine import available_cores
from ms25_suite.environments.gpus import chosen_device
from ms25_suite.lammps.deploy.files import deployed
from ms25_suite.lammps.deploy.inputs import is_compiled
from ms25_suite.potentials.base import Architecture
from ms25_suite.potentials.baseline import MeanBaseline
from ms25_suite.potentials.evaluate import MOST_THREADS
from ms25_suite.potentials.kernels.backend import expect_backend, expect_tf32
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.prediction_cache import PredictionCache
from ms25_suite.potentials.registry import get_architecture, implementation, require_installed
from ms25_suite.potentials.workers.jobs import BaselineJob, CalculatorJob, ModelJob, ObjectJob
from ms25_suite.potentials.workers.shared_calculator import server_address
from ms25_suite.training.manifest import Manifest

__all__ = ["from_baseline", "from_calculator", "from_model_file", "from_object"]


def from_model_file(
    path: Path,
    architecture: str,
    name: str,
    options: PotentialOptions,
    *,
    manifest: Manifest | None = None,
    route: str = "",
) -> Potential:
    """Potential from a model file.

    Parameters
    ----------
    path
        The file.
    architecture
        Name of its architecture.
    name
        Name of the potential.
    options
        How it is run.
    manifest
        Manifest of its training; None if it has none.
    route
        How the file is evaluated, see `ms25_suite.potentials.workers.jobs.ROUTES`; predictions of
        such a route are not cached.

    Raises
    ------
    ArchitectureNotInstalledError
        The package of the architecture is neither installed nor in a managed environment.
    ModelFileError
        It is unknown which elements the species of the file are.
    UsageError
        A head or a back end is asked for that models of this architecture do not have, or that
        cannot be used here.
    DeployError
        The model cannot be compiled.
    """
    family = get_architecture(architecture)
    if options.head and not family.has_heads:
        msg = f"{path}: models of {architecture} have no heads. Leave head={options.head} out"
        raise UsageError(msg)
    place = require_installed(family)
    device = chosen_device(
        options.device, dtype=options.dtype, cpu_only=family.cpu_only, python=place.python
    )
    head = options.head or (manifest and manifest.model.head) or ""
    options = replace(options, device=device, head=head)
    accelerators = place.versions(family.accelerators)
    _expect_variant(family, options, accelerators)
    target = family.compiled_for(device, accelerators) if options.compiled else ""
    loaded = path
    if target and not is_compiled(path):
        loaded = deployed(path, target, architecture, place, device=options.device)
    species = () if family.names_species else _species(path, options, manifest)
    sha256 = file_sha256(path)
    # What a prediction depends on, beyond rounding. Which GPU of a machine it is does not matter.
    identity = {
        "model": sha256,
        "architecture": architecture,
        "revision": family.revision,
        "versions": place.versions(family.distributions),
        "device": options.device.split(":")[0],
        "dtype": options.dtype,
    }
    if species:
        identity["species"] = species
    if loaded != path:
        identity["compiled"] = target
    if options.compiled:
        identity["accelerated"] = accelerators
    if head:
        identity["head"] = head
    if options.backend or options.tf32:
        identity["backend"] = [options.backend, options.tf32, accelerators]
    job = ModelJob(
        implementation=implementation(family),
        path=str(loaded.resolve()),
        # The worker hashes the file that it has loaded; a compiled model is another file than
        # the one that names the predictions in the cache.
        sha256=sha256 if loaded == path else file_sha256(loaded),
        device=options.device,
        dtype=options.dtype,
        batch_atoms=options.batch_atoms,
        species=species,
        threads=_threads(options),
        plain=str(path.resolve()) if loaded != path else "",
        accelerate=options.compiled,
        sizes=_sizes_folder(),
        route=route,
        head=head,
        backend=options.backend,
        tf32=options.tf32,
    )
    cache = PredictionCache(identity) if options.use_cache and not route else None
    return Potential(
        name,
        architecture,
        job,
        options,
        path=path,
        sha256=sha256,
        python=place.python,
        cache=cache,
        manifest=manifest,
    )


def _expect_variant(
    family: Architecture, options: PotentialOptions, accelerators: Mapping[str, str]
) -> None:
    if options.backend:
        expect_backend(
            family.name,
            family.backends,
            options.backend,
            device=options.device,
            installed=accelerators,
        )
    if options.tf32:
        expect_tf32(device=options.device, dtype=options.dtype)
    if options.compiled and (options.backend or options.tf32):
        msg = "--mlip-compile chooses a faster form by itself: leave it out, or backend= and tf32="
        raise UsageError(msg)


def _threads(options: PotentialOptions) -> int:
    """Threads of a worker that build graphs ahead: cores that no worker computes on."""
    spare = available_cores() // options.n_workers - 1
    # On a CPU one thread is ahead of any model; a GPU may outrun several.
    return min(spare, 1) if options.device == "cpu" else min(max(spare, 1), MOST_THREADS)


def _sizes_folder() -> str:
    try:
        return str(cache_dir("batch-sizes").resolve())
    except OSError:  # there is no cache
        return ""


def _species(path: Path, options: PotentialOptions, manifest: Manifest | None) -> tuple[str, ...]:
    """Chemical symbols of the numbered species of a model file."""
    found = (manifest.species if manifest else ()) or options.species
    if not found:
        msg = (
            f"{path} numbers its species without naming their elements, and there is no sidecar "
            f"{path.name}.json from a training by this suite. Name them in the order of their "
            "numbers: --mlip-species=Si,O"
        )
        raise ModelFileError(msg)
    return found


def from_baseline(baseline: MeanBaseline, name: str, options: PotentialOptions) -> Potential:
    """Potential of the baseline, which is no model but shows the scale of errors.

    Its predictions are not cached, since they cost nothing.
    """
    job = BaselineJob(baseline.to_dict())
    return Potential(name, "baseline", job, options)


def from_calculator(
    target: str, name: str, options: PotentialOptions, *, architecture: str = "ase"
) -> Potential:
    """Potential from ``calc.py`` or ``package.module:factory``.

    Its predictions are not cached, since it is unknown what such code depends on.
    """
    path = Path(target) if target.endswith(".py") else None
    sha256 = file_sha256(path) if path else ""
    job = CalculatorJob(str(path.resolve()) if path else target)
    return Potential(name, architecture, job, options, path=path, sha256=sha256)


def from_object(text: str, name: str, options: PotentialOptions) -> Potential:
    """Potential from a calculator object of `ms25_suite.judge`, given as ``object:NAME``.

    Its predictions are not cached, for the same reason.

    Raises
    ------
    UsageError
        The run was not started by `ms25_suite.judge`.
    """
    job = ObjectJob(address=server_address(text), name=text.removeprefix("object:"))
    return Potential(name, "ase", job, options)
