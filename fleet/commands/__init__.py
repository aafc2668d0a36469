"""Commands to terminals: what may be asked of them, and the life of a command."""
