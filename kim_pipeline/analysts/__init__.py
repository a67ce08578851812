"""Questions to the published file and their answers."""
