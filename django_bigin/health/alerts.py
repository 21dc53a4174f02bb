"""Mails to the site's admins, one for each finding about a connection that needs a person; `words` writes them."""

from __future__ import annotations

import logging
from datetime import timedelta
from urllib.parse import urlsplit

from django.core.mail import send_mail
from django.db.models import F, Q
from django.urls import NoReverseMatch, reverse

from .. import clock
from ..conf import settings
from ..db.aliases import written
from ..models import Connection
from .findings import judge_connection
from .words import mail_subject, mail_text

logger = logging.getLogger(__name__)

Status = Connection.Status

MAILED_AFTER = {
    Status.MISCONFIGURED: timedelta(0),
    Status.NEEDS_AUTHORIZATION: timedelta(0),
    Status.DEGRADED: timedelta(hours=6),  # mostly it passes by itself
}
"""The findings that are mailed, and how long they must have lasted."""
REFUSED_MAILED_AFTER = timedelta(minutes=10)  # a token that the API refuses is Zoho's to explain, not a passing outage
TRY_AGAIN_AFTER = timedelta(minutes=5)


def send_due() -> int:
    """Send the mails that are due; each change of status is told once.

    Whoever changes the row sends the mail, so that two processes never send the same one.

    Returns:
        The number of mails sent.
    """
    now = clock.now()
    due = Q()
    for status, after in MAILED_AFTER.items():
        due |= Q(status=status, status_since__lte=now - after) if after else Q(status=status)
    due |= Q(status=Status.DEGRADED, refused_count__gt=0, status_since__lte=now - REFUSED_MAILED_AFTER)
    rested = Q(last_alert_at=None) | Q(last_alert_at__lte=now - TRY_AGAIN_AFTER) | ~Q(last_alert_status="")
    waiting = written(Connection).filter(due).exclude(last_alert_status=F("status"))
    waiting = waiting.select_related("tenant", "registration")
    return sum(_send(connection) for connection in waiting.filter(rested | Q(last_alert_at__lt=F("status_since"))))


def _send(connection: Connection) -> bool:
    row = written(Connection).filter(pk=connection.pk)
    claimed = (
        row.filter(status=connection.status)
        .exclude(last_alert_status=connection.status)
        .update(last_alert_status=connection.status, last_alert_at=clock.now())
    )
    recipients = settings.BIGIN_ALERT_RECIPIENTS
    if not claimed or not recipients:
        return False
    try:
        finding = judge_connection(connection)
        text = mail_text(connection, finding, page=page_of(connection))
        send_mail(mail_subject(connection, finding), text, None, list(recipients))
    except BaseException as error:
        # The row forgets the mail, so that a later tick sends it.
        row.filter(last_alert_status=connection.status).update(last_alert_status="")
        # Backends raise what their services' clients raise, and the site's own models are named in the text.
        if not isinstance(error, Exception):
            raise
        logger.warning("A mail about connection %s could not be sent: %s", connection.pk, type(error).__name__)
        return False
    return True


def page_of(connection: Connection) -> str:
    """Return the address of a connection's page in the admin; "" where the site has none, or nobody knows its host.

    The host is the site's own: `BIGIN_SITE_URL`, or the one that Zoho sends browsers back to.
    """
    redirect = urlsplit(connection.registration.redirect_uri)
    site = settings.BIGIN_SITE_URL or (f"{redirect.scheme}://{redirect.netloc}" if redirect.netloc else "")
    try:
        page = reverse("admin:django_bigin_connection_change", args=[connection.pk])
    except NoReverseMatch:
        return ""
    return site + page if site else ""
