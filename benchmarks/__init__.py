"""Measurements of the whole, taken from outside."""
