"""Cards and frames of the datasets that ship with the suite."""
