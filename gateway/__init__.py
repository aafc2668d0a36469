"""The daemon: everything that happens is a record in a journal."""

__version__ = "0.0.1"
