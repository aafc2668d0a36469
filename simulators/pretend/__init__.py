"""Pretend services: small true implementations that can also misbehave on command."""
