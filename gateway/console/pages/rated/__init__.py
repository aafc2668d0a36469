"""Pages of single ratings and sessions, and of what is owed to those who gave them."""
