"""ASE calculators of the references that run in LAMMPS or in tblite."""
