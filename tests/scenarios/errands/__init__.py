"""A hall whose terminals are asked for things while everything between breaks."""
