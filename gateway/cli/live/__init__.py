"""A gateway as it works: its figures read from the API, and drawn."""
