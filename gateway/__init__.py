"""The daemon: everything that happens is a record in a journal."""
