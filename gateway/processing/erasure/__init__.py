"""Where personal data stands again, and records without it."""
