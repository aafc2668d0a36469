"""What goes out to the terminals."""
