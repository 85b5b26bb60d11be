"""Training of potentials on the frames of a dataset."""
