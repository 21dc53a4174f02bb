"""The simulated Zoho and all that it remembers; no HTTP server in here."""
