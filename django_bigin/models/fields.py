"""The encrypted attribute: a model field that holds ciphertext and gives the secret only when it is asked for by name.

Whatever walks a model's fields (a serializer, an export, an audit trail) finds the text "<secret>", or "" where there
is none; `connection.access_token.reveal()` gives the plain text. Assigning takes plain text.

The row keeps what it read: an untouched secret is written back byte for byte, even with a key that cannot read it.
A secret that was assigned is encrypted when the row is saved, bound to the row and to its tenant, so that a ciphertext
copied into another row does not decrypt. Writes that bypass the row (`update`, `bulk_update`) take `seal(...)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload
from uuid import UUID

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from ..conf import settings
from ..db.aliases import WrittenManager
from ..encryption.secret import PLACEHOLDER, Secret

if TYPE_CHECKING:
    _TextField = models.TextField["str", "HeldSecret"]
else:
    _TextField = models.TextField  # not subscriptable where the site does not patch Django

_Row = TypeVar("_Row", bound=models.Model)

_SERIALIZED = "sealed:"
_LOOKUPS = ("exact", "in", "isnull")  # the others would carry the plain text into SQL, and never match
_gives_ciphertext: ContextVar[bool] = ContextVar("gives_ciphertext", default=False)


class Sealed(str):
    """A ciphertext on its way to or from the database; as text, a placeholder."""

    __slots__ = ("ciphertext",)

    ciphertext: str

    def __new__(cls, ciphertext: str) -> Sealed:
        made = super().__new__(cls, PLACEHOLDER)
        made.ciphertext = ciphertext
        return made

    def __repr__(self) -> str:
        return "<Sealed>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.ciphertext == other.ciphertext

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.ciphertext)

    def __reduce__(self) -> Any:
        return Sealed, (self.ciphertext,)


class HeldSecret(str):
    """A row's secret: to whatever looks at it a placeholder, or "" where there is none; `reveal()` gives the text.

    Nothing is decrypted before: a page that only says that a secret is stored works without the key.
    """

    __slots__ = ("_held", "_purpose", "_row")

    _held: Sealed | _Assigned | str
    _row: Any
    _purpose: str

    def __new__(cls, held: Sealed | _Assigned | str, row: Any, purpose: str) -> HeldSecret:
        made = super().__new__(cls, PLACEHOLDER if held else "")
        made._held, made._row, made._purpose = held, row, purpose
        return made

    def reveal(self) -> Secret:
        """Return the plain text; "" where there is none.

        Raises:
            EncryptionError: it does not decrypt.
        """
        if isinstance(self._held, _Assigned):
            return self._held.secret
        return Secret(unseal(self._row.uuid, self._row.secret_tenant_key(), self._purpose, self._held))

    def held_for(self, row: Any) -> Sealed | _Assigned | str:
        """Return what another object may hold of it: of the same row what is held here, of any other the plain text."""
        if not self or getattr(row, "uuid", None) == self._row.uuid:
            return self._held
        return _Assigned(self.reveal())

    def __repr__(self) -> str:
        return PLACEHOLDER if self else "''"

    def __copy__(self) -> HeldSecret:
        return self

    def __deepcopy__(self, memo: Any) -> HeldSecret:
        return self

    def __reduce__(self) -> Any:
        return str, (str(self),)


class _Assigned:
    """A secret that was assigned and is not saved yet."""

    __slots__ = ("secret",)

    def __init__(self, secret: str) -> None:
        self.secret = Secret(secret)

    def __repr__(self) -> str:
        return PLACEHOLDER

    def __deepcopy__(self, memo: Any) -> _Assigned:
        return self

    def __reduce__(self) -> Any:
        # A pickled row goes into caches and queues.
        raise TypeError("A row with an unsaved secret cannot be pickled: save the row first.")


def seal(row_uuid: UUID, tenant_key: Any, purpose: str, value: str) -> Sealed | str:
    """Encrypt a secret for a write that bypasses the row, such as `QuerySet.update`.

    Args:
        row_uuid: the `uuid` of the row that will hold it.
        tenant_key: primary key of the row's tenant; None or "" for a shared registration.
        purpose: the field's `purpose`, such as "connection.access_token".
        value: the secret; "" stays "", which says that there is none.
    """
    if isinstance(value, HeldSecret):
        value = value.reveal()
    if not value:
        return ""
    return Sealed(settings.BIGIN_ENCRYPTION_KEYS.encrypt(value, context=_context(row_uuid, tenant_key, purpose)))


def unseal(row_uuid: UUID, tenant_key: Any, purpose: str, value: Sealed | str) -> str:
    """Decrypt what `seal` made.

    Raises:
        EncryptionError: it does not decrypt; the ciphertext is never returned in its place.
    """
    if not isinstance(value, Sealed):
        return ""
    return settings.BIGIN_ENCRYPTION_KEYS.decrypt(value.ciphertext, context=_context(row_uuid, tenant_key, purpose))


def _context(row_uuid: UUID, tenant_key: Any, purpose: str) -> tuple[str, str, str]:
    return purpose, str(row_uuid), "" if tenant_key is None else str(tenant_key)


class EncryptedAttribute(DeferredAttribute):
    """The attribute that gives a `HeldSecret`, and keeps the ciphertext in the instance."""

    field: EncryptedTextField

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        held = super().__get__(instance, cls)  # loads a deferred field
        return held if _gives_ciphertext.get() else HeldSecret(held, instance, self.field.purpose)

    def __set__(self, instance: Any, value: Any) -> None:
        if value is None or value == "":
            held: Sealed | _Assigned | str = ""
        elif isinstance(value, Sealed | _Assigned):
            held = value
        elif isinstance(value, HeldSecret):
            held = value.held_for(instance)
        elif not isinstance(value, str):
            raise TypeError(f"{self.field.name} takes text, not {type(value).__name__}.")
        elif value == PLACEHOLDER:
            # From an export that is imported again, or from a form: stored, it would replace the secret.
            raise ValueError(f"{PLACEHOLDER} only stands for what is in {self.field.name}: assign the secret itself.")
        else:
            held = _Assigned(value)
        instance.__dict__[self.field.attname] = held


class EncryptedTextField(_TextField):
    """Text encrypted at rest. Its model is a `SecretModel`. "" says that there is no secret.

    Args:
        purpose: a fixed label that the ciphertext is bound to; never changes once rows exist.
    """

    descriptor_class = EncryptedAttribute

    if TYPE_CHECKING:  # the attribute does both; type checkers look for them here

        @overload
        def __get__(self, instance: None, owner: Any) -> EncryptedAttribute: ...
        @overload
        def __get__(self, instance: models.Model, owner: Any) -> HeldSecret: ...
        @overload
        def __get__(self, instance: Any, owner: Any) -> Self: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: Any, value: str) -> None: ...

    def __init__(self, *args: Any, purpose: str = "", **kwargs: Any) -> None:
        self.purpose = purpose
        kwargs.update(blank=True, default="", editable=False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for implied in ("blank", "default", "editable"):
            kwargs.pop(implied, None)
        return name, path, args, {**kwargs, "purpose": self.purpose}

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed | str:
        return Sealed(value) if value else ""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(_SERIALIZED):
            return Sealed(value.removeprefix(_SERIALIZED))
        return value

    def value_to_string(self, obj: Any) -> str:
        # For dumps, which work, and lose nothing, without the key.
        with _ciphertext_attributes():
            held = self.value_from_object(obj)
        return _SERIALIZED + held.ciphertext if isinstance(held, Sealed) else ""

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in _LOOKUPS else None

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        held = model_instance.__dict__.get(self.attname, "")
        if isinstance(held, _Assigned):
            held = seal(model_instance.uuid, model_instance.secret_tenant_key(), self.purpose, held.secret)
            model_instance.__dict__[self.attname] = held
        return held

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.ciphertext
        if value is None or value == "":
            return ""
        raise TypeError(
            f"{self.name} is encrypted: it cannot be looked up by its value, and update() and bulk_update() take "
            "django_bigin.models.fields.seal(row_uuid, tenant_key, purpose, value) instead of a plain string."
        )


class SecretQuerySet(models.QuerySet[_Row]):
    """Rows with secrets, in bulk: no plain text passes, and no secret is written into a row it is not bound to."""

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        # Django reads the attributes; what is to be written is what they hold.
        with _ciphertext_attributes():
            return super().bulk_update(*args, **kwargs)

    def bulk_create(
        self,
        objs: Any,
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Any = None,
        unique_fields: Any = None,
    ) -> list[_Row]:
        encrypted = {field.name for field in self.model._meta.fields if isinstance(field, EncryptedTextField)}
        if encrypted & set(update_fields or ()):
            raise TypeError("A secret is bound to its row, so bulk_create() cannot write it over another row's.")
        return super().bulk_create(objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields)


if TYPE_CHECKING:

    class SecretManager(SecretQuerySet[_Row], models.Manager[_Row]):  # type: ignore[misc]  # each has its own subscript
        """The manager of such rows, which has the queryset's methods."""

else:

    class SecretManager(models.Manager.from_queryset(SecretQuerySet)):
        """The manager of such rows, which has the queryset's methods."""


class SecretModel(models.Model):
    """A row that holds secrets: it has a `uuid` from before its first save, and a tenant that they are bound to."""

    objects: ClassVar[SecretManager[Self]] = SecretManager()
    as_written = WrittenManager()

    class Meta:
        abstract = True
        base_manager_name = "as_written"

    def secret_tenant_key(self) -> Any:
        """Return the primary key of the tenant that the row's secrets are bound to; "" where it is shared."""
        raise NotImplementedError  # each model says it

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        # Django copies attribute by attribute; what passes between the two must be the ciphertext as it is.
        with _ciphertext_attributes():
            super().refresh_from_db(*args, **kwargs)

    def clean_fields(self, *args: Any, **kwargs: Any) -> None:
        with _ciphertext_attributes():
            super().clean_fields(*args, **kwargs)

    def _save_table(self, *args: Any, **kwargs: Any) -> Any:
        # Django's own; a fixture is saved "raw", by the attributes, without asking the field or this model's save().
        with _ciphertext_attributes():
            return super()._save_table(*args, **kwargs)  # type: ignore[misc]  # unknown to the stubs


def is_stored(row: models.Model, name: str) -> bool:
    """Tell whether a row holds a secret. Nothing is decrypted: a lost key must not break the page that shows it."""
    return bool(row.__dict__.get(name))


@contextmanager
def _ciphertext_attributes() -> Iterator[None]:
    token = _gives_ciphertext.set(True)
    try:
        yield
    finally:
        _gives_ciphertext.reset(token)
