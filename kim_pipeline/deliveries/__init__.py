"""From files to typed rows: open, find the tables, parse, validate, account for every row."""
