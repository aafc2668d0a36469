"""Receive, append, acknowledge: the short path that must not lose anything."""
