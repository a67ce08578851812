"""Benchmarks: each prints what it measured, on what."""
