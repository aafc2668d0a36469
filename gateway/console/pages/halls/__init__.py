"""Pages of sites and of the terminals at their windows."""
