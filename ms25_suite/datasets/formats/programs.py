"""What programs print where the electrons did not converge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["PROGRAMS", "Program"]


@dataclass(frozen=True, slots=True)
class Program:
    """What a program prints.

    Parameters
    ----------
    name
        The program.
    phrases
        What it prints where the electrons did not converge, and nowhere else.
    step
        Pattern of what it prints once for each calculation, behind the phrase or with it; empty
        if there is nothing of the kind.
    """

    name: str
    phrases: tuple[bytes, ...]
    step: bytes = b""


# As parsers of these outputs (cclib, AiiDA, custodian, AFLOW) and their sources have them. Warnings
# about single eigenvalues, geometries and mixers are not among them.
PROGRAMS: Final = (
    Program(
        "FHI-aims",
        (
            b"scf_solver: SCF cycle not converged",
            b"SELF-CONSISTENCY CYCLE DID NOT CONVERGE",
            b"Self-consistency cycle not converged.",
        ),
    ),
    Program(
        "ORCA",
        (b"SCF NOT CONVERGED AFTER", b"Wavefunction not fully converged"),
        rb"FINAL SINGLE POINT ENERGY[^\n]*",
    ),
    Program(
        "Gaussian", (b">>>> Convergence criterion not met", b"Convergence failure"), rb"SCF Done:"
    ),
    Program(
        "CASTEP",
        (
            b"max. SCF cycles performed but system has not reached the groundstate",
            b"electronic minimisation did not converge when finding ground state",
        ),
        rb"\n *Final energy(?:, E)? +=",
    ),
    Program(
        "GPAW", (b"\nDid not converge!",), rb"\nConverged after \d+ iterations|\nDid not converge!"
    ),
    Program("SIESTA", (b"SCF_NOT_CONV", b"SCF cycle NOT converged")),
    Program("NWChem", (b"Calculation failed to converge",), rb"\n +Total (?:DFT|SCF) energy +="),
    Program("ABINIT", (b"was not enough SCF cycles to converge", b"!ScfConvergenceWarning")),
    Program("GAMESS", (b"SCF IS UNCONVERGED", b"SCF HAS NOT CONVERGED")),
    Program("DFTB+", (b"SCC is NOT converged",)),
    Program(
        "ABACUS",
        (b"convergence has not been achieved", b"convergence has NOT been achieved"),
        rb"density convergence is achieved|convergence has (?:not|NOT) been achieved",
    ),
    Program("Psi4", (b"Could not converge SCF iterations",)),
    Program("Q-Chem", (b"SCF failed to converge",)),
    Program("Turbomole", (b"dscf did not converge", b"ridft did not converge")),
    Program("xTB", (b"Self consistent charge iterator did not converge",)),
    Program("Octopus", (b"SCF *not* converged",)),
    Program("Elk", (b"Reached self-consistent loops maximum",)),
    Program("MOPAC", (b"UNABLE TO ACHIEVE SELF-CONSISTENCE", b"SCF FIELD WAS NOT ACHIEVED")),
    Program("ONETEP", (b"NGWF optimisation failed to converge",)),
    Program("CP2K", (b"SCF run NOT converged", b"SCF loop FAILED to converge")),
)
