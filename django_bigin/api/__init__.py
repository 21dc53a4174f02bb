"""Bigin without Django: works with no settings and no database."""
