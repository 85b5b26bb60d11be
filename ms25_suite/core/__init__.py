"""What every other part builds on: frames, units, names, thresholds, results, cache and errors."""
