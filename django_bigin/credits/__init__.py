"""The API calls and credits that an organization spends."""
