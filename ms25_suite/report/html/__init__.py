"""The HTML page: its first screen, sections and details."""
