"""The Lennard-Jones potential as an architecture of ms25-suite."""
