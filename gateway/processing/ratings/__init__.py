"""Hop 5 for ratings: sessions, flags, versions and personal data."""
