"""A person in the admin: buttons pressed, actions chosen, messages read."""

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from django_bigin.models import Connection

LIST = "admin:django_bigin_connection_changelist"

Status = Connection.Status


def page_of(connection: Connection) -> str:
    return reverse("admin:django_bigin_connection_change", args=[connection.pk])


def press(client: Client, connection: Connection, name: str, **more: Any) -> Any:
    """Press a button of the connection's page."""
    return client.post(reverse("admin:django_bigin_connection_act", args=[connection.pk]), {"action": name, **more})


def choose(client: Client, name: str, *connections: Connection, **more: Any) -> Any:
    """Choose connections in the list, and an action."""
    selected = [connection.pk for connection in connections]
    return client.post(reverse(LIST), {"action": name, "_selected_action": selected, "index": "0", **more})


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def suits(name: str) -> str:
    """Return a status in which an action makes sense."""
    return Status.PAUSED if name == "resume" else Status.HEALTHY
