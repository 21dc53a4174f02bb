"""The query language COQL."""
