"""What pytest shows of checks in a terminal."""
