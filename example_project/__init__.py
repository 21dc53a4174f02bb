"""A small multi-tenant site that uses django-bigin; the only place here that reads the environment."""
