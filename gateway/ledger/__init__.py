"""The state: the only SQL of sessions, ratings, identities, devices and the outbox."""
