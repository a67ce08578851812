"""From typed rows to tables: loads what was read into a new internal file and runs `sql/` on it."""
