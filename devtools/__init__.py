"""The developer's commands behind dev.py. Nothing but the standard library: they run before anything is installed."""
