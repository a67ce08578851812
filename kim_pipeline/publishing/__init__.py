"""The published file: writing it, switching to it, keeping earlier ones."""
