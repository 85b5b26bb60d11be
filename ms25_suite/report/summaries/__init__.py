"""Short forms of a report, for the places where people and programs look after a run in CI."""
