"""The REST API's operations on records."""
