"""The rules for terminals: registry, presence, health, inspections. Pure."""
