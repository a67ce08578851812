"""Tests: each reads as an example of the behaviour."""
