"""Official tables in their published form → typed rows, with findings and accounts (`official.md`)."""
