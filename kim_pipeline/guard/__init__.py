"""What a night would take away from the published build: hold, acceptances, kept rows (`deliveries.md` §4a)."""
