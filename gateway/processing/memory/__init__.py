"""What the fold keeps at hand: rules in force, counts, and what a block owes."""
