"""What people, business systems and our own roles ask for: at most once each."""
