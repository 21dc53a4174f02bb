"""Requests and responses as they travel: HTTP without a framework, JSON, numbers, addresses and refusals."""
