"""Names and values that the frames of a file carry beside their structure."""
