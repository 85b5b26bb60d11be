"""What CP2K 2023.1 prints for a single point, cut down to what matters; the numbers are arbitrary.

The headings of later versions are those of outputs that others have published.
"""

from __future__ import annotations

ENERGY = -34.485025947531618
"""Hartree."""

SYMBOLS = ("O", "H", "H", "O", "H", "H")

POSITIONS = (
    (3.45971719, 3.60788378, 2.47483442),
    (3.51853149, 4.38270273, 1.77951815),
    (3.52635124, 2.90278773, 1.83163794),
    (3.76651600, 4.03540613, 5.14155151),
    (3.63149137, 3.97826770, 4.43147660),
    (3.71552812, 4.11571970, 6.05020010),
)

FORCES = (
    (-0.005951637148, 0.076370640181, -0.039988597152),
    (0.004316510471, -0.056961228403, 0.050194021372),
    (0.000510723148, -0.017803051862, -0.012640573025),
    (0.011262035114, 0.012180316601, 0.058812007310),
    (-0.007812104427, -0.010312557310, -0.061023510124),
    (-0.002325527158, -0.003474119207, 0.004646651619),
)
"""Hartree/Bohr."""

STRESS_GPA = (
    (0.0957497736713, 0.132066210496, -0.0262796192998),
    (0.132066210496, -0.751187630100, 0.166403408666),
    (-0.0262796192998, 0.166403408666, 1.12592833392),
)
"""A pressure is positive."""

INPUT = "\n".join(
    [
        " &FORCE_EVAL",
        "   METHOD  QS",
        "   &SUBSYS",
        "     &CELL",
        "       A     7.0000000000000000E+00    0.0000000000000000E+00    0.0000000000000000E+00",
        "       B     0.0000000000000000E+00    7.5000000000000000E+00    0.0000000000000000E+00",
        "       C     0.0000000000000000E+00    5.0000000000000000E-01    8.0000000000000000E+00",
        "       ALPHA_BETA_GAMMA     9.0000000000000000E+01    9.0E+01    9.0E+01",
        "       CELL_FILE_FORMAT  CP2K",
        "       PERIODIC  XYZ",
        "       MULTIPLE_UNIT_CELL  1 1 1",
        "       SYMMETRY  NONE",
        "     &END CELL",
        "     &COORD",
        *(
            f"{symbol} {x:.16f} {y:.16f} {z:.16f}"
            for symbol, (x, y, z) in zip(SYMBOLS, POSITIONS, strict=True)
        ),
        "       UNIT angstrom",
        "       SCALED  F",
        "     &END COORD",
        "   &END SUBSYS",
        " &END FORCE_EVAL",
        "",
    ]
)
"""The input, as ``ECHO_INPUT`` repeats it."""


def cp2k_output(*, echo: bool = True, newer: bool = False, stress_unit: str = "GPa") -> str:
    """Output of the single point.

    Parameters
    ----------
    echo
        Whether the input is repeated.
    newer
        Headings of versions after 2024, else those of 2023.
    stress_unit
        ``GPa`` or ``bar``.
    """
    lines = [
        "  **** **** ******  **  PROGRAM STARTED AT               2026-11-24 15:19:27.859",
        "",
        " CP2K| version string:                                       CP2K version 2023.1",
        " CP2K| Input file name                                                  cp2k.inp",
    ]
    if echo:
        lines += INPUT.splitlines()
    lines += [
        " MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM",
        "",
        "   Atom Kind Element         X             Y             Z       Z(eff)     Mass",
    ]
    for number, (symbol, place) in enumerate(zip(SYMBOLS, POSITIONS, strict=True), 1):
        kind, charge, mass = (1, 6.0, 15.9994) if symbol == "O" else (2, 1.0, 1.0079)
        lines.append(
            f"{number:7d}{kind:5d} {symbol} {8 if symbol == 'O' else 1:5d}"
            + "".join(f"{value:14.6f}" for value in place)
            + f"{charge:9.4f}{mass:9.4f}"
        )
    lines += ["", "  *** SCF run converged in    27 steps ***", ""]
    unit = "[hartree]" if newer else "[a.u.]:"
    lines.append(f" ENERGY| Total FORCE_EVAL ( QS ) energy {unit} {ENERGY:34.15f}")
    lines.append("")
    if newer:
        lines.append(" FORCES| Atomic forces [hartree/bohr]")
        lines.append(" FORCES|   Atom     x               y               z               |f|")
        for number, force in enumerate(FORCES, 1):
            norm = sum(value**2 for value in force) ** 0.5
            numbers = "".join(f"{value:20.12E}" for value in (*force, norm))
            lines.append(f" FORCES| {number:6d}{numbers}")
        lines.append(" FORCES| Sum     0.0 0.0 0.0 0.0")
    else:
        lines += [" ATOMIC FORCES in [a.u.]", ""]
        lines.append(" # Atom   Kind   Element          X                  Y                  Z")
        for number, (symbol, force) in enumerate(zip(SYMBOLS, FORCES, strict=True), 1):
            numbers = "".join(f"{value:19.12f}" for value in force)
            lines.append(f"{number:7d}{1 if symbol == 'O' else 2:7d}      {symbol}    {numbers}")
        lines.append(" SUM OF ATOMIC FORCES           0.0     0.0     0.0     0.0")
    factor = {"GPa": 1.0, "bar": 1e4}[stress_unit]
    lines += ["", f" STRESS| Analytical stress tensor [{stress_unit}]"]
    lines.append(" STRESS|                        x                   y                   z")
    for axis, row in zip("xyz", STRESS_GPA, strict=True):
        numbers = "".join(f"{value * factor:20.11E}" for value in row)
        lines.append(f" STRESS|      {axis} {numbers}")
    lines.append(f" STRESS| Eigenvectors and eigenvalues of the analytical [{stress_unit}]")
    lines += [f" STRESS|      {axis}      0.1 0.2 0.3" for axis in "xyz"]
    return "\n".join([*lines, "", "  **** **** ******  **  PROGRAM ENDED AT", ""])
