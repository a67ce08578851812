"""Data warehouse of a county's integration office: from spreadsheets to published indicators."""
