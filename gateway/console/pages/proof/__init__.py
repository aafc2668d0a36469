"""What proves the figures: sealed months, and samples that inspectors look at."""
