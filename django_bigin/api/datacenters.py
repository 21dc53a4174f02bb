"""The closed table of data centers: the only place where a host name of Zoho stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class DataCenter:
    """One regional deployment of Zoho. Both addresses are plain https origins: no port, no path, no trailing slash."""

    code: str
    accounts_server: str
    api_domain: str


# Not string building: au is .com.au, ca's accounts server stands on zohocloud.ca, us is .com.
# Source: https://www.bigin.com/developer/docs/apis/multi-dc.html (read 2026-11); uk: the multi-DC page of Zoho
# Accounts; ae: third-party code only.
DATA_CENTERS: Mapping[str, DataCenter] = MappingProxyType(
    {
        entry.code: entry
        for entry in (
            DataCenter("us", "https://accounts.zoho.com", "https://www.zohoapis.com"),
            DataCenter("eu", "https://accounts.zoho.eu", "https://www.zohoapis.eu"),
            DataCenter("in", "https://accounts.zoho.in", "https://www.zohoapis.in"),
            DataCenter("au", "https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
            DataCenter("jp", "https://accounts.zoho.jp", "https://www.zohoapis.jp"),
            DataCenter("ca", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
            DataCenter("sa", "https://accounts.zoho.sa", "https://www.zohoapis.sa"),
            DataCenter("cn", "https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
            DataCenter("uk", "https://accounts.zoho.uk", "https://www.zohoapis.uk"),
            DataCenter("ae", "https://accounts.zoho.ae", "https://www.zohoapis.ae"),
        )
    }
)

DEFAULT_CODES = ("us", "eu", "in", "au", "jp", "ca", "sa", "cn")
# Bigin's own page does not list these two, so a site switches them on by name.
OPT_IN_CODES = ("uk", "ae")


def data_center(code: str, *, opted_in: Iterable[str] = ()) -> DataCenter:
    """Look a data center up by its code, such as "eu".

    Args:
        opted_in: codes of `OPT_IN_CODES` that the site switched on.

    Raises:
        ValueError: no such data center, or one that the site did not switch on.
    """
    allowed = (*DEFAULT_CODES, *(each for each in OPT_IN_CODES if each in set(opted_in)))
    if code in allowed:
        return DATA_CENTERS[code]
    if code in OPT_IN_CODES:
        raise ValueError(f"The data center {code!r} is not switched on; add it to the opted-in data centers first.")
    raise ValueError(f"There is no data center {str(code)[:20]!r}; use one of {', '.join(allowed)}.")


def by_accounts_server(origin: str) -> DataCenter | None:
    """Find the data center whose accounts server is exactly this origin; None for anything else."""
    return next((each for each in DATA_CENTERS.values() if each.accounts_server == origin), None)


def by_api_domain(origin: str) -> DataCenter | None:
    """Find the data center whose API domain is exactly this origin; None for anything else."""
    return next((each for each in DATA_CENTERS.values() if each.api_domain == origin), None)
