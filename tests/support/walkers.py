"""Let what walks a model's fields write down a row of every model; print what each wrote, by its name, as JSON."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.support.walkers_settings"
django.setup()

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.apps import apps
from django.core import serializers
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.forms.models import model_to_dict
from django.template import Context, Template
from import_export.resources import modelresource_factory
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import ModelSerializer

from django_bigin.models import ClientSecret, Connection
from tests.support.factories import make_row_of_each_model

SECRETS = {"access_token": "1000.access.5f1d", "refresh_token": "1000.refresh.9b2e"}
CLIENT_SECRET = "the-slugsecret"  # as the factory makes it
VERIFIER = "a-code-verifier-that-nobody-may-read-7c11"


def main() -> None:
    """Write a row of every model in every way."""
    call_command("migrate", verbosity=0)
    models = list(apps.get_app_config("django_bigin").get_models())
    for model in models:
        auditlog.register(model, serialize_data=True)
    rows = make_row_of_each_model("the-slug")
    fill(rows)
    written: dict[str, str] = {}
    for model, row in rows.items():
        for name, text in ways(model, model.objects.get(pk=row.pk)).items():
            written[name] = written.get(name, "") + text
    written["auditlog"] = "".join(f"{entry.changes} {entry.serialized_data}\n" for entry in LogEntry.objects.all())
    unsaved = (Connection(**SECRETS), ClientSecret(secret="unsaved1"))
    written["unsaved"] = "".join(drf(type(row), row) for row in unsaved)
    load_again(rows)
    print(json.dumps(written))


def fill(rows: dict[Any, Any]) -> None:
    connection = next(row for model, row in rows.items() if model is Connection)
    for name, value in SECRETS.items():
        setattr(connection, name, value)
    connection.save()
    attempt = next(row for model, row in rows.items() if model.__name__ == "AuthorizationAttempt")
    attempt.code_verifier = VERIFIER
    attempt.save()


def ways(model: type[Model], row: Any) -> dict[str, str]:
    """Return what each way of walking the fields makes of a row."""
    names = [field.name for field in model._meta.concrete_fields]
    template = Template("".join("{{ row." + name + " }}\n" for name in names))
    return {
        "djangorestframework": drf(model, row),
        "django-import-export": str(modelresource_factory(model)().export(model.objects.all()).csv),
        "serializers": serializers.serialize("json", [row]),
        "model_to_dict": json.dumps(model_to_dict(row), cls=DjangoJSONEncoder),
        "values": json.dumps([*model.objects.values(), *model.objects.values_list()], cls=DjangoJSONEncoder),
        "value_from_object": "".join(str(field.value_from_object(row)) for field in model._meta.concrete_fields),
        "getattr": json.dumps({name: str(getattr(row, name)) for name in names}),
        "format": "".join(("{0." + name + "}").format(row) for name in names),
        "template": template.render(Context({"row": row})),
        "pickle": repr(pickle.dumps(row)) + repr(pickle.dumps(list(model.objects.values()))),
        "copy": drf(model, copy.copy(row)) + drf(model, copy.deepcopy(row)),
        "vars": repr(vars(row)),
    }


def drf(model: type[Model], row: Any) -> str:
    meta = type("Meta", (), {"model": model, "fields": "__all__"})
    serializer = type("AllFields", (ModelSerializer,), {"Meta": meta})
    return JSONRenderer().render(serializer(row).data).decode()


def load_again(rows: dict[Any, Any]) -> None:
    """Dump and load: nothing is lost, and `reveal()` alone gives the plain text."""
    out = io.StringIO()
    call_command("dumpdata", "django_bigin", stdout=out)
    for each in serializers.deserialize("json", out.getvalue()):
        each.save()
    connection = Connection.objects.get()
    assert {name: getattr(connection, name).reveal() for name in SECRETS} == SECRETS
    assert ClientSecret.objects.get().secret.reveal() == CLIENT_SECRET


if __name__ == "__main__":
    main()
