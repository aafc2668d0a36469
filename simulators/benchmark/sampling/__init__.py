"""A directory for the PYTHONPATH of a process whose CPU is to be sampled."""
