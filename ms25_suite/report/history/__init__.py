"""Reports of earlier runs, and numbers over runs."""
