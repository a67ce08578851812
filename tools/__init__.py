"""What developers run: generated data files."""
