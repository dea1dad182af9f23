"""Queues and what they promise: hours, routing, and who is told when nobody answers."""
