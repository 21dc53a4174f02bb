"""A site's own app whose tenants are keyed by UUID."""
