"""Terminals of conformance level A: they keep an event until its receipt."""
