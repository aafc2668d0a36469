"""How roles reach each other: doorbells, and the socket that takes records."""
