"""What each check does: one folder for each criterion, with the name of the criterion."""
