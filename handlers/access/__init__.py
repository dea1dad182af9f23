"""Signing in, and who each staff route is for."""
