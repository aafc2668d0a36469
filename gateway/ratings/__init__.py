"""The rules for ratings. Pure."""
