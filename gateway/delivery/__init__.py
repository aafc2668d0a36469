"""Delivery: a cursor, retries and dead letters for each sink."""
