"""NequIP and Allegro, which share one framework: model files, compilation, training."""
