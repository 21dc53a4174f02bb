"""The accounts server: consent, codes, tokens and scopes."""
