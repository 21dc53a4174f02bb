"""The rules of the database, each written once."""
