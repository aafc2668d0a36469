"""The rules for terminals: registry, sequence, presence. Pure."""
