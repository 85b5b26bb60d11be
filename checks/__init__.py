"""Questions to a potential, one module for each criterion."""
