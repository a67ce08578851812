"""What a file holds, cell by cell, for each format that offices use."""
