"""Zoho's APIs without Django: works with no settings and no database."""
