"""What each check does: one module for each criterion, with the name of the criterion."""
