"""A call to the REST API, and the log, the limits and the faults of calls."""
