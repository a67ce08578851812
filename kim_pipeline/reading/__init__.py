"""From the bytes of one delivery to typed rows: pure functions, no folder, no clock."""
