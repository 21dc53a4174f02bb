"""Bulk read jobs."""
