"""Short molecular dynamics of many frames at once: trajectories, heat bath, early ends."""
