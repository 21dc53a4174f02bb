"""The state of the installation, and who is told of it."""
