"""Outputs of VASP, cut down to what ASE reads; the numbers are arbitrary."""

from __future__ import annotations

from collections.abc import Sequence


def outcar(ends: Sequence[str]) -> str:
    """OUTCAR of two atoms of copper.

    Parameters
    ----------
    ends
        What is printed at the end of the electronic steps of each ionic step; empty for nothing.
    """
    lines = [
        " vasp.6.3.2 27Jun22 (build)",
        " POTCAR:    PAW_PBE Cu 22Jun2005",
        " POTCAR:    PAW_PBE Cu 22Jun2005",
        "   NELM   =      3;   NELMIN=  2; NELMDL= -5     # of ELM steps",
        "   ISPIN  =      1    spin polarized calculation?",
        "   ions per type =               2",
    ]
    for number, end in enumerate(ends, 1):
        lines += [f"----- Iteration {number:6d}({step:4d})  -----" for step in (1, 2, 3)]
        lines += [f"----------- {end} -----------"] if end else []
        lines += [
            "  in kB       1.00000     2.00000     3.00000     0.10000     0.20000     0.30000",
            "      direct lattice vectors                 reciprocal lattice vectors",
            "     3.600000000  0.000000000  0.000000000     0.277  0.000  0.000",
            "     0.000000000  3.600000000  0.000000000     0.000  0.277  0.000",
            "     0.000000000  0.000000000  3.600000000     0.000  0.000  0.277",
            " POSITION                                       TOTAL-FORCE (eV/Angst)",
            " -------------------------------------------------------------------",
            "      0.00000      0.00000      0.00000        0.100000     0.000000      0.000000",
            f"      1.{number}0000      1.80000      0.00000       -0.100000     0.0      0.0",
            " -------------------------------------------------------------------",
            "  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)",
            "  ---------------------------------------------------",
            f"  free  energy   TOTEN  =        -7.{number} eV",
            "",
            f"  energy  without entropy=       -7.{number}  energy(sigma->0) =       -7.{number}",
        ]
    return "\n".join([*lines, ""])


def vasprun(steps: Sequence[int], nelm: int) -> str:
    """vasprun.xml of two atoms of copper.

    Parameters
    ----------
    steps
        Number of electronic steps of each ionic step.
    nelm
        Largest number of electronic steps.
    """
    basis = "<varray name='basis'><v>3.6 0 0</v><v>0 3.6 0</v><v>0 0 3.6</v></varray>"

    def structure(shift: float) -> str:
        return (
            f"<structure><crystal>{basis}</crystal><varray name='positions'><v>0 0 0</v>"
            f"<v>0.5 0.5 {shift}</v></varray></structure>"
        ).replace("'", '"')

    atoms = (
        "<atominfo><atoms>2</atoms><types>1</types>"
        '<array name="atoms"><set><rc><c>Cu</c><c>1</c></rc><rc><c>Cu</c><c>1</c></rc></set>'
        '</array><array name="atomtypes"><set><rc><c>2</c><c>Cu</c><c>63.5</c><c>11</c>'
        "<c>PAW_PBE Cu</c></rc></set></array></atominfo>"
    )
    text = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>',
        '<kpoints><varray name="kpointlist"><v>0 0 0</v></varray>',
        '<varray name="weights"><v>1</v></varray></kpoints>',
        f'<parameters><separator><i type="int" name="NELM">    {nelm}</i></separator></parameters>',
        atoms,
        structure(0.0).replace("<structure>", '<structure name="initialpos">'),
    ]
    for number, n_steps in enumerate(steps):
        energy = (
            f'<energy><i name="e_fr_energy"> -7.{number} </i><i name="e_wo_entrp"> -7.{number} </i>'
            f'<i name="e_0_energy"> -7.{number} </i></energy>'
        )
        text.append("<calculation>" + f"\n<scstep>{energy}</scstep>" * n_steps)
        text.append(structure(0.01 * number))
        text.append('<varray name="forces"><v>0.1 0 0</v><v>-0.1 0 0</v></varray>')
        text.append(f"{energy}</calculation>")
    return "\n".join([*text, structure(0.0), "</modeling>\n"])
