"""Zoho's products, each a description."""
