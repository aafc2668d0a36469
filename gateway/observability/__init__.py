"""What the gateway says about itself: logs, metrics, health."""
