"""Pages of who keeps terminals in order: what is due, visits, sheets, availability."""
