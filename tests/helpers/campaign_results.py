"""Results of a campaign that nobody ran: power laws with noise, in files of the suite's form."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ms25_suite.campaign.paper.outcomes import Outcomes, wanted
from ms25_suite.campaign.paper.planned import read_plan
from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord, TrainedOn
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.eos.details import EosCurveDetails, EosDetails
from ms25_suite.criteria.neb_barrier.details import NebDetails, NebReferenceDetails
from ms25_suite.criteria.throughput.details import ThroughputDetails
from ms25_suite.report.merging.merge import load_results

ARCHITECTURES = ("mace", "nequip", "allegro", "mtp", "ani")
DATASETS = (
    "mgo-2x2",
    "mgo-4x4",
    "water-64",
    "water-192",
    "cha",
    "reaction",
    "hea",
    "zro",
)
SIZES = (50, 100, 200, 400, 600, 800, 1000)
PARTNERS = {
    "mgo-2x2": "mgo-4x4",
    "mgo-4x4": "mgo-2x2",
    "water-64": "water-192",
    "water-192": "water-64",
}
UNITS = {"energy": "meV/atom", "forces": "meV/Å", "stress": "meV/Å^3"}
FRAMEWORKS = ("fau", "lta", "mfi")

Make = Callable[..., CheckResult]


def make_run(dataset: str, architecture: str, n: int, number: int = 1, seed: int = 0) -> RunRecord:
    """Run of one training on one dataset."""
    text = f"train:{architecture}:n={n},set={number},seed={seed},budget=smoke"
    trained = TrainedOn(
        dataset=dataset,
        n_train=n,
        set=number,
        seed=seed,
        budget="smoke",
        tier="mini",
        sha256=dataset,
    )
    potential = PotentialRecord(
        name=f"{architecture}-n{n}-set{number}-seed{seed}-smoke",
        spec=text,
        architecture=architecture,
        sha256=sha_of(dataset, architecture, n, number, seed),
        trained_on=trained,
    )
    tests = [dataset, *([PARTNERS[dataset]] if dataset in PARTNERS else [])]
    tests += FRAMEWORKS if dataset == "cha" else ()
    records = tuple(
        DatasetRecord(
            name=name,
            tier="mini",
            sha256=name,
            stand_in=name != "hea",
            level_of_theory=f"a stand-in of {name}" if name != "hea" else "EAM",
            paper_level_of_theory="PBE",
        )
        for name in tests
    )
    return RunRecord(
        id=f"{dataset}-{potential.name}",
        started="2026-01-01T00:00:00+00:00",
        finished="2026-01-01T00:01:00+00:00",
        exit_status=0,
        suite_version="0.1.0",
        potentials=(potential,),
        datasets=records,
    )


def sha_of(*parts: object) -> str:
    """A hash of 64 digits."""
    return f"{random.Random(repr(parts)).getrandbits(256):064x}"


def make_results(
    dataset: str, architecture: str, n: int, number: int = 1, seed: int = 0
) -> list[CheckResult]:
    """All results of one training that the figures show."""
    run = make_run(dataset, architecture, n, number, seed)
    rng = random.Random(run.id)
    level = 1.0 + 0.6 * ARCHITECTURES.index(architecture)

    def base(**fields: Any) -> CheckResult:
        fields = {"test_dataset": dataset, "metric": "mae"} | fields
        return CheckResult(
            dataset=dataset,
            potential=run.potentials[0].name,
            potential_sha256=run.potentials[0].sha256 or "",
            architecture=architecture,
            tier="mini",
            stand_in=dataset != "hea",
            **fields,
        )

    def error(criterion: str, test: str, factor: float, metric: str = "mae") -> list[CheckResult]:
        found = []
        for quantity, scale in (("energy", 30.0), ("forces", 300.0), ("stress", 12.0)):
            value = factor * level * scale * n**-0.4 * math.exp(rng.gauss(0, 0.05))
            found.append(
                base(
                    criterion=criterion,
                    test_dataset=test,
                    quantity=quantity,
                    metric=metric,
                    value=value,
                    unit=UNITS[quantity] if metric == "mae" else "1",
                    interval=(0.95 * value, 1.06 * value),
                    threshold=35.0 if metric == "mae" else None,
                    verdict=Verdict.PASS if metric == "mae" else None,
                    n_frames=80,
                )
            )
        return found

    results = error("error_thresholds", dataset, 1.0)
    if dataset in PARTNERS:
        results += error("size_extensivity", dataset, 1.0)
        results += error("size_extensivity", PARTNERS[dataset], 2.5)
    if dataset == "cha":
        for test in FRAMEWORKS:
            results += error("framework_transfer", test, 2.0)
        results.append(_eos(base, rng, "volume", 1))
    if dataset == "hea":
        results.append(_eos(base, rng, "lattice_constant", 5, lost=1 if n < 100 else 0))
    if dataset == "reaction":
        results.append(_neb(base, rng, converged=n != 400))
    results.append(_speed(base, rng, 100.0 / level))
    return results


def _eos(base: Make, rng: random.Random, quantity: str, count: int, lost: int = 0) -> CheckResult:
    curves = tuple(
        EosCurveDetails(
            name=f"curve {k}",
            volumes=(10.0, 11.0, 12.0),
            reference=(1.0, 0.9, 1.0),
            predicted=(1.0, 0.9, 1.0),
            reference_value=3.55,
            reference_bulk_modulus_GPa=170.0,
            failure="no-minimum" if k < lost else "",
            value=None if k < lost else 3.56,
            error=None if k < lost else rng.gauss(0, 0.02),
        )
        for k in range(count)
    )
    details = EosDetails(quantity, "%" if quantity == "volume" else "Å", curves)
    errors = [abs(curve.error) for curve in curves if curve.error is not None]
    return base(
        criterion="eos",
        quantity=quantity,
        metric="error",
        value=sum(errors) / len(errors),
        unit=details.unit,
        threshold=1.0 if quantity == "volume" else 0.05,
        verdict=Verdict.PASS,
        details={"eos": details.to_dict()},
    )


def _neb(base: Make, rng: random.Random, *, converged: bool) -> CheckResult:
    barrier = 0.74 + rng.gauss(0, 0.03)
    details = NebDetails(
        reference=NebReferenceDetails(0.74),
        moved_A=(0.1, 0.1),
        end_steps=10,
        converged=converged,
        barrier=barrier,
        lengths=(0.0, 1.0, 2.0),
        energies=(0.0, barrier, 0.1),
    )
    return base(
        criterion="neb_barrier",
        quantity="barrier",
        metric="error",
        value=abs(barrier - 0.74) if converged else None,
        unit="eV",
        threshold=0.06,
        verdict=Verdict.PASS if converged else Verdict.FAIL,
        reason="" if converged else "not converged: the band has a largest force of 0.2 eV/Å",
        details={"neb": details.to_dict()},
    )


def _speed(base: Make, rng: random.Random, speed: float) -> CheckResult:
    speed *= math.exp(rng.gauss(0, 0.05))
    details = ThroughputDetails(
        frame=0,
        repeats=(1, 1, 1),
        n_atoms=108,
        route="fix external",
        device="cpu",
        threads=1,
        lammps_version=20250722,
        cpu="a processor",
        n_cpu=2,
        gpu=None,
        load=0.1,
        timestep_fs=1.0,
        warmup_steps=10,
        block_steps=10,
        blocks=(speed,) * 3,
        median=speed,
        interval=(0.9 * speed, 1.1 * speed),
        quartiles=(0.95 * speed, 1.05 * speed),
        ms_per_step=1.0,
        shares={"model": 1.0},
        cpu_s=(1.0,) * 3,
        wall_s=(1.0,) * 3,
        neighbour_builds=1,
        peak_memory_bytes=1,
    )
    return base(
        criterion="throughput",
        quantity="katoms_per_s",
        metric="measurement",
        value=speed,
        unit="kAtoms/s",
        interval=(0.9 * speed, 1.1 * speed),
        details={"throughput": details.to_dict()},
    )


def write_run(
    folder: Path, run: RunRecord, results: Iterable[CheckResult], padding: Sequence[Any] = ()
) -> Path:
    """Write a results.json into a folder; `padding` are further results, as plain data."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    plain = [one.to_dict() for one in results]
    document = {"schema": 1, "run": run.to_dict(), "results": [*plain, *padding]}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_campaign(
    folder: Path,
    *,
    datasets: Sequence[str] = DATASETS,
    architectures: Sequence[str] = ARCHITECTURES,
    sizes: Sequence[int] = SIZES,
    sets: Sequence[int] = (1,),
    seeds: Sequence[int] = (0,),
    padding: int = 0,
) -> list[Path]:
    """Write a results.json for each training; `padding` further results of no figure in each."""
    paths = []
    for dataset in datasets:
        for architecture in architectures:
            for n in sizes:
                for set_ in sets:
                    for seed in seeds:
                        who = (dataset, architecture, n, set_, seed)
                        run, results = make_run(*who), make_results(*who)
                        more = [_padding(results[0], k) for k in range(padding)]
                        place = folder / "-".join(map(str, who))
                        paths.append(write_run(place, run, results, more))
    return paths


def _padding(result: CheckResult, number: int) -> dict[str, Any]:
    findings = [{"code": "note", "message": "m" * 200, "severity": "note"}] * 6
    return result.to_dict() | {
        "metric": "part",
        "quantity": f"forces_part_{number}",
        "details": {"findings": findings},
    }


def outcomes_of(paths: Sequence[Path], campaign: dict[str, object] | None = None) -> Outcomes:
    """Numbers of written runs."""
    run, results = load_results(paths, keep=wanted)
    return Outcomes(run, results, read_plan(campaign))
