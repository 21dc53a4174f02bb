"""A site's own app whose tenants are keyed by a plain integer and looked up by `code`."""
