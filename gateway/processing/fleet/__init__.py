"""Hop 5 for terminals: presence, health, commands, inspections."""
