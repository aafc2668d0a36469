"""Populations of terminals from a scenario, and what must become of what they send."""
