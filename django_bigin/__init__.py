"""Zoho's Bigin CRM inside a Django site: connect tenants, keep their tokens fresh, mirror their records."""

__version__ = "0.1.0.dev0"
