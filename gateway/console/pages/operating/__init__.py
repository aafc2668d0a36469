"""Pages for who keeps the gateway running."""
