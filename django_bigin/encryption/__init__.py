"""Secrets at rest: keys, and text that hides itself."""
