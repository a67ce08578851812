"""What a night would take away from the published build."""
