"""A small true MQTT broker, 5 and 3.1.1: everything it knows is in memory."""
