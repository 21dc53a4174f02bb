"""Zoho's APIs without Django: works with no settings and no database. The names here are the ones a site may use."""

from .answers import Field, MalformedRow, Module, Order, Organization, Page, Place, RowResult
from .calls import Answer, Call
from .client import Client
from .datacenters import DATA_CENTERS, DataCenter

__all__ = (
    "DATA_CENTERS",
    "Answer",
    "Call",
    "Client",
    "DataCenter",
    "Field",
    "MalformedRow",
    "Module",
    "Order",
    "Organization",
    "Page",
    "Place",
    "RowResult",
)
