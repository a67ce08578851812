"""The coordinator's board: who is late, what was rejected or held, since when, whose turn it is, what to do."""
