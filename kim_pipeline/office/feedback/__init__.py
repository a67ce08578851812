"""The annotated return copies."""
