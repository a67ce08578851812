"""What the county's figures need of disclosure control."""
