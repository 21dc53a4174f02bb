"""Verifying: compare the mirror with the product, name what differs, and mend just that where asked to."""
