"""Saveline: save plays that cannot be forgotten."""
