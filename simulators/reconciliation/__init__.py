"""What a population sent against what the gateway and its sinks hold."""
