"""Neuvokas: what is true whatever the channel."""
