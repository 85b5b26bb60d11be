"""How frames become batches: sizes, graphs that are built ahead, and where the time goes."""
