"""The blank workbook of a programme."""
