"""Ghost terminals: presses from outside, through the broker that terminals use."""
