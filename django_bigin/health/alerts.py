"""Mails to the site's admins, one for each finding about a connection that needs a person; `words` writes them."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.mail import get_connection, send_mail
from django.db.models import F, Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override

from .. import clock
from ..conf import settings
from ..db import leases
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
MAIL_SECONDS = 10  # for a mail server's answers, where the site sets no EMAIL_TIMEOUT: by itself Django waits for ever
MAILING_SECONDS = 10.0  # in one tick
RESERVATION, RESERVED_SECONDS = "alert_queued_until", 300


def send_due() -> int:
    """Send the mails that are due; each change of status is told once.

    Whoever reserves the row sends the mail, so that two processes never send the same one; where that process dies, the
    reservation expires. What does not fit into the time is left to the next call: a mail server that hangs must not
    hold up the tick.

    Returns:
        The number of mails sent.
    """
    now, over_at, sent = clock.now(), time.monotonic() + MAILING_SECONDS, 0
    due = Q()
    for status, after in MAILED_AFTER.items():
        due |= Q(status=status, status_since__lte=now - after) if after else Q(status=status)
    due |= Q(status=Status.DEGRADED, refused_count__gt=0, status_since__lte=now - REFUSED_MAILED_AFTER)
    rested = Q(last_alert_at=None) | Q(last_alert_at__lte=now - TRY_AGAIN_AFTER) | ~Q(last_alert_status="")
    waiting = written(Connection).filter(due, leases.not_reserved(RESERVATION)).exclude(last_alert_status=F("status"))
    waiting = waiting.filter(rested | Q(last_alert_at__lt=F("status_since"))).select_related("tenant", "registration")
    for connection in waiting.order_by("status_since", "pk"):
        if time.monotonic() >= over_at:
            logger.warning("Mails about connections are left to the next tick: the mail server takes long.")
            break
        sent += _send(connection)
    return sent


def _send(connection: Connection) -> bool:
    row = written(Connection).filter(pk=connection.pk)
    unsent = row.filter(status=connection.status).exclude(last_alert_status=connection.status)
    if not leases.reserve(unsent, RESERVED_SECONDS, column=RESERVATION):
        return False
    recipients, told = settings.BIGIN_ALERT_RECIPIENTS, False
    try:
        if recipients:
            _mail(connection, list(recipients))
        told = True
    except Exception as error:
        # Backends raise what their services' clients raise, and the site's own models are named in the text.
        logger.warning("A mail about connection %s could not be sent: %s", connection.pk, type(error).__name__)
    finally:
        # Where it was not sent, the row says so, and a later tick sends it.
        noted = connection.status if told else ""
        row.update(last_alert_status=noted, last_alert_at=clock.now(), **{RESERVATION: None})
    return told and bool(recipients)


def _mail(connection: Connection, recipients: list[str]) -> None:
    finding = judge_connection(connection)
    with override(django_settings.LANGUAGE_CODE):  # the site's: nobody knows those of the recipients
        subject, text = mail_subject(connection, finding), mail_text(connection, finding, page=page_of(connection))
    mailer: Any = get_connection()
    if getattr(mailer, "timeout", MAIL_SECONDS) is None:  # Django's own, where EMAIL_TIMEOUT is not set
        mailer.timeout = MAIL_SECONDS
    send_mail(subject, text, None, recipients, connection=mailer)


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
