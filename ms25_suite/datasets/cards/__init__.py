"""Dataset cards: their fields, and the files, splits, observables and partners that they name."""
