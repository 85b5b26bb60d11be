"""Commands that show what the suite brings to read."""
