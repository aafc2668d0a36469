"""Outsiders: terminals, services and measurements; they know the protocol only."""
