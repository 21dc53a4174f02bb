"""Mails to the site's admins: one for each change that needs a person."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.mail import send_mail
from django.db.models import F, Q

from .. import clock
from ..conf import settings
from ..models import Connection

logger = logging.getLogger(__name__)

Status = Connection.Status

DEGRADED_FOR = timedelta(hours=6)
TRY_AGAIN_AFTER = timedelta(minutes=5)


def send_due() -> int:
    """Send the mails that are due: at once for what a person must mend, after six hours for what stays degraded.

    Whoever changes the row sends the mail, so that two processes never send the same one.

    Returns:
        How many were sent.
    """
    now = clock.now()
    due = Q(status__in=(Status.MISCONFIGURED, Status.NEEDS_AUTHORIZATION)) | Q(
        status=Status.DEGRADED, status_since__lte=now - DEGRADED_FOR
    )
    rested = Q(last_alert_at=None) | Q(last_alert_at__lte=now - TRY_AGAIN_AFTER) | ~Q(last_alert_status="")
    waiting = Connection.objects.filter(due).exclude(last_alert_status=F("status"))
    return sum(_send(connection) for connection in waiting.filter(rested | Q(last_alert_at__lt=F("status_since"))))


def _send(connection: Connection) -> bool:
    claimed = (
        Connection.objects.filter(pk=connection.pk, status=connection.status)
        .exclude(last_alert_status=connection.status)
        .update(last_alert_status=connection.status, last_alert_at=clock.now())
    )
    recipients = settings.BIGIN_ALERT_RECIPIENTS
    if not claimed or not recipients:
        return False
    subject = f"Bigin: {connection} of {connection.tenant} {_NEEDS[Status(connection.status)]}"
    try:
        send_mail(" ".join(subject.split()), _text(connection), None, list(recipients))
    except OSError as error:
        # smtplib's errors are OSErrors. The row forgets the mail, so that a later tick sends it.
        logger.warning("A mail about %s could not be sent: %s", connection, type(error).__name__)
        Connection.objects.filter(pk=connection.pk).update(last_alert_status="")
        return False
    return True


_NEEDS = {
    Status.DEGRADED: "has been degraded for six hours",
    Status.MISCONFIGURED: "is misconfigured",
    Status.NEEDS_AUTHORIZATION: "must be authorized again",
}
_WHAT_TO_DO = {
    Status.DEGRADED: "It keeps trying by itself. If Zoho is well, look at the last error.",
    Status.MISCONFIGURED: "Compare client id, client secret, data center and redirect URI with Zoho's API console.",
    Status.NEEDS_AUTHORIZATION: "Press Reconnect on its page in the admin. The data that is mirrored stays readable.",
}


def _text(connection: Connection) -> str:
    status = Status(connection.status)
    lines = [
        f"Tenant: {connection.tenant}",
        f"Connection: {connection}",
        f"Status: {connection.get_status_display()} since {connection.status_since:%Y-%m-%d %H:%M} UTC",
        f"Reason: {connection.status_reason or 'none given'}",
        "",
        _WHAT_TO_DO[status],
    ]
    return "\n".join(lines)
