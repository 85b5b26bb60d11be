"""Results of several runs in one report."""
