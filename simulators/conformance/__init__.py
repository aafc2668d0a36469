"""Watches one terminal through a test broker and says which level it conforms to."""
