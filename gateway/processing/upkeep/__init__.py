"""What the processor does beside the fold: copies, backups, its own figures."""
