"""Mails to the site's admins, one for each finding about a connection that needs a person; `words` writes them."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.mail import send_mail
from django.db.models import F, Q

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
    rested = Q(last_alert_at=None) | Q(last_alert_at__lte=now - TRY_AGAIN_AFTER) | ~Q(last_alert_status="")
    waiting = written(Connection).filter(due).exclude(last_alert_status=F("status")).select_related("tenant")
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
    finding = judge_connection(connection)
    try:
        send_mail(mail_subject(connection, finding), mail_text(connection, finding), None, list(recipients))
    except OSError as error:
        # smtplib's errors are OSErrors. The row forgets the mail, so that a later tick sends it.
        logger.warning("A mail about %s could not be sent: %s", connection, type(error).__name__)
        row.update(last_alert_status="")
        return False
    return True
