"""What happens when a day, a week or a month is over."""
