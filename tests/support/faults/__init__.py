"""Misbehaviour for the tests: failing calls, odd answers, limits."""
