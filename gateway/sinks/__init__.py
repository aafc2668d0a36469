"""Where events go: time series databases and business backends."""
