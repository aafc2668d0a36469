"""Measures a gateway, and a yardstick in the same place, never at the same time."""
