"""Routine inspections: what is asked for, when it is due, what was done. Pure."""
