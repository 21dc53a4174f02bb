"""Every table of the first release."""

import uuid

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import django_bigin.models.connection
import django_bigin.models.fields
import django_bigin.models.registration
from django_bigin.conf import TENANT_MODEL


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(TENANT_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "slug",
                    models.SlugField(
                        help_text="The value of --tenant in commands.", max_length=100, unique=True, verbose_name="slug"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
            ],
            options={
                "verbose_name": "tenant",
                "verbose_name_plural": "tenants",
                "ordering": ("name",),
                "swappable": "BIGIN_TENANT_MODEL",
                "base_manager_name": "as_written",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("as_written", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("action", models.CharField(db_index=True, max_length=32, verbose_name="action")),
                ("at", models.DateTimeField(db_index=True, verbose_name="at")),
                ("actor", models.CharField(blank=True, max_length=150, verbose_name="actor")),
                ("tenant", models.CharField(blank=True, max_length=200, verbose_name="tenant")),
                (
                    "tenant_key",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        help_text="See `audit.key_of`.",
                        max_length=255,
                        verbose_name="tenant key",
                    ),
                ),
                ("connection", models.CharField(blank=True, max_length=300, verbose_name="connection")),
                (
                    "connection_key",
                    models.CharField(blank=True, db_index=True, max_length=20, verbose_name="connection key"),
                ),
                ("detail", models.TextField(blank=True, verbose_name="detail")),
            ],
            options={
                "verbose_name": "audit event",
                "verbose_name_plural": "audit events",
                "ordering": ("-at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "kind",
                    models.CharField(help_text="The tick, or a kind of work.", max_length=16, verbose_name="kind"),
                ),
                ("seen_at", models.DateTimeField(verbose_name="seen at")),
            ],
            options={
                "verbose_name": "heartbeat",
                "verbose_name_plural": "heartbeats",
                "constraints": [
                    models.UniqueConstraint(fields=("name", "kind"), name="django_bigin_heartbeat_once_per_kind")
                ],
            },
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("identifier", models.CharField(max_length=200, verbose_name="identifier")),
                ("adopted_at", models.DateTimeField(verbose_name="adopted at")),
                ("adopted_by", models.CharField(blank=True, max_length=150, verbose_name="adopted by")),
            ],
            options={
                "verbose_name": "installation",
                "verbose_name_plural": "installations",
            },
        ),
        migrations.CreateModel(
            name="ClientRegistration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[("server", "Server-based application"), ("self_client", "Self client")],
                        default="server",
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("client_id", models.CharField(max_length=120, verbose_name="client id")),
                (
                    "home_data_center",
                    models.CharField(
                        default="us",
                        help_text="Where the client was registered.",
                        max_length=8,
                        verbose_name="home data center",
                    ),
                ),
                (
                    "data_centers",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Codes of those it is switched on for; empty: all but cn, or cn alone when that is its home.",
                        verbose_name="data centers",
                    ),
                ),
                (
                    "redirect_uri",
                    models.URLField(
                        blank=True, help_text="Empty for a self client.", max_length=500, verbose_name="redirect uri"
                    ),
                ),
                (
                    "scopes",
                    models.JSONField(
                        blank=True, default=django_bigin.models.registration.default_scopes, verbose_name="scopes"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        help_text="Leave empty to let every tenant use it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bigin_registrations",
                        to=TENANT_MODEL,
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "client registration",
                "verbose_name_plural": "client registrations",
                "ordering": ("name", "client_id"),
                "base_manager_name": "as_written",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("as_written", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="ClientSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="uuid")),
                (
                    "data_center",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Empty: the same secret in every data center.",
                        max_length=8,
                        verbose_name="data center",
                    ),
                ),
                (
                    "secret",
                    django_bigin.models.fields.EncryptedTextField(
                        purpose="client_secret.secret", verbose_name="secret"
                    ),
                ),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="secrets",
                        to="django_bigin.clientregistration",
                        verbose_name="registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "client secret",
                "verbose_name_plural": "client secrets",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("as_written", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="uuid")),
                (
                    "product",
                    models.CharField(
                        default=django_bigin.models.connection.default_product, max_length=16, verbose_name="product"
                    ),
                ),
                ("data_center", models.CharField(max_length=8, verbose_name="data center")),
                ("org_id", models.CharField(help_text="Zoho's zgid.", max_length=40, verbose_name="organization id")),
                ("org_name", models.CharField(blank=True, max_length=200, verbose_name="organization")),
                ("org_time_zone", models.CharField(blank=True, max_length=64, verbose_name="org time zone")),
                ("org_paid", models.BooleanField(default=False, verbose_name="org paid")),
                ("org_licences", models.PositiveIntegerField(default=0, verbose_name="org licences")),
                ("zoho_user_id", models.CharField(blank=True, max_length=40, verbose_name="zoho user id")),
                ("zoho_user_email", models.CharField(blank=True, max_length=254, verbose_name="zoho user email")),
                ("scopes", models.JSONField(blank=True, default=list, help_text="As granted.", verbose_name="scopes")),
                (
                    "refresh_token",
                    django_bigin.models.fields.EncryptedTextField(
                        purpose="connection.refresh_token", verbose_name="refresh token"
                    ),
                ),
                (
                    "access_token",
                    django_bigin.models.fields.EncryptedTextField(
                        purpose="connection.access_token", verbose_name="access token"
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, help_text="When the access token expires.", null=True, verbose_name="expires at"
                    ),
                ),
                (
                    "grant_version",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="Incremented on reconnect and disconnect: an answer to an older grant is ignored.",
                        verbose_name="grant version",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending confirmation"),
                            ("healthy", "Healthy"),
                            ("degraded", "Degraded"),
                            ("misconfigured", "Misconfigured"),
                            ("needs_authorization", "Needs authorization"),
                            ("paused", "Paused"),
                            ("disconnected", "Disconnected"),
                        ],
                        db_index=True,
                        default="pending",
                        max_length=24,
                        verbose_name="status",
                    ),
                ),
                ("status_reason", models.TextField(blank=True, verbose_name="status reason")),
                ("status_since", models.DateTimeField(blank=True, null=True, verbose_name="status since")),
                (
                    "status_before_pause",
                    models.CharField(blank=True, max_length=24, verbose_name="status before pause"),
                ),
                (
                    "confirm_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="When a pending one is discarded.",
                        null=True,
                        verbose_name="confirm until",
                    ),
                ),
                ("last_alert_at", models.DateTimeField(blank=True, null=True, verbose_name="last alert at")),
                ("last_alert_status", models.CharField(blank=True, max_length=24, verbose_name="last alert status")),
                (
                    "alert_queued_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="alert queued until"),
                ),
                (
                    "refresh_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is refreshed, well ahead.", null=True, verbose_name="refresh at"
                    ),
                ),
                ("refreshed_at", models.DateTimeField(blank=True, null=True, verbose_name="refreshed at")),
                ("refresh_count", models.PositiveIntegerField(default=0, verbose_name="refresh count")),
                (
                    "lease_id",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Who asks for a token now.",
                        max_length=36,
                        verbose_name="lease id",
                    ),
                ),
                ("lease_until", models.DateTimeField(blank=True, null=True, verbose_name="lease until")),
                (
                    "refresh_queued_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="refresh queued until"),
                ),
                (
                    "refresh_tries",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Begun in a row without an end: the worker was killed.",
                        verbose_name="refresh tries",
                    ),
                ),
                (
                    "token_requests",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Requests of the last ten minutes.",
                        verbose_name="token requests",
                    ),
                ),
                ("failure_count", models.PositiveIntegerField(default=0, verbose_name="failure count")),
                ("throttle_count", models.PositiveIntegerField(default=0, verbose_name="throttle count")),
                (
                    "refused_count",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="How often the API refused a token just given.",
                        verbose_name="refused count",
                    ),
                ),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True, verbose_name="next attempt at")),
                (
                    "metadata_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When modules and fields are read again.",
                        null=True,
                        verbose_name="metadata at",
                    ),
                ),
                (
                    "metadata_lease_id",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Who reads them now.",
                        max_length=36,
                        verbose_name="metadata lease id",
                    ),
                ),
                (
                    "metadata_lease_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="metadata lease until"),
                ),
                (
                    "metadata_queued_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="metadata queued until"),
                ),
                (
                    "metadata_tries",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Begun in a row without an end: the worker was killed.",
                        verbose_name="metadata tries",
                    ),
                ),
                (
                    "metadata_error",
                    models.TextField(
                        blank=True,
                        help_text="Why the modules and fields could not be read.",
                        verbose_name="metadata error",
                    ),
                ),
                (
                    "revoke_queued_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="revoke queued until"),
                ),
                (
                    "revoke_tries",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Begun in a row without an end: the worker was killed.",
                        verbose_name="revoke tries",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="connections",
                        to="django_bigin.clientregistration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bigin_connections",
                        to=TENANT_MODEL,
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "connection",
                "verbose_name_plural": "connections",
                "ordering": ("tenant", "org_name"),
                "permissions": (
                    ("connect_connection", "Can connect and reconnect"),
                    ("refresh_connection", "Can refresh a token by hand"),
                    ("sync_connection", "Can start a sync"),
                    ("pause_connection", "Can pause and resume"),
                    ("disconnect_connection", "Can disconnect and revoke"),
                ),
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("as_written", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AuthorizationAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="uuid")),
                (
                    "state_hash",
                    models.CharField(
                        help_text="SHA-256; the state is not stored.",
                        max_length=64,
                        unique=True,
                        verbose_name="state hash",
                    ),
                ),
                (
                    "nonce_hash",
                    models.CharField(
                        help_text="SHA-256 of the nonce in the browser's session.",
                        max_length=64,
                        verbose_name="nonce hash",
                    ),
                ),
                (
                    "code_verifier",
                    django_bigin.models.fields.EncryptedTextField(
                        purpose="authorization_attempt.code_verifier", verbose_name="code verifier"
                    ),
                ),
                ("return_to", models.CharField(blank=True, max_length=500, verbose_name="return to")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="expires at")),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="used at")),
                ("outcome", models.CharField(blank=True, max_length=40, verbose_name="outcome")),
                (
                    "detail",
                    models.TextField(
                        blank=True, help_text="The result, in a sentence for the person.", verbose_name="detail"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bigin_attempts",
                        to=TENANT_MODEL,
                        verbose_name="tenant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="django_bigin.clientregistration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        blank=True,
                        help_text="Set when it is a reconnect.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="django_bigin.connection",
                        verbose_name="connection",
                    ),
                ),
                (
                    "result",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="django_bigin.connection",
                        verbose_name="result",
                    ),
                ),
            ],
            options={
                "verbose_name": "authorization attempt",
                "verbose_name_plural": "authorization attempts",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("as_written", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="CreditAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data_center", models.CharField(max_length=8, verbose_name="data center")),
                ("org_id", models.CharField(max_length=40, verbose_name="org id")),
                (
                    "window",
                    models.IntegerField(
                        default=0, help_text="Spent, or taken for a run.", verbose_name="credits of 24 hours"
                    ),
                ),
                (
                    "unnoted_credits",
                    models.IntegerField(
                        default=0, help_text="Not in any minute yet.", verbose_name="credits not noted"
                    ),
                ),
                ("unnoted_calls", models.IntegerField(default=0, verbose_name="calls not noted")),
                ("day_budget", models.PositiveIntegerField(default=0, verbose_name="day budget")),
                ("oldest_minute", models.DateTimeField(blank=True, null=True, verbose_name="oldest minute")),
                ("noted_at", models.DateTimeField(blank=True, null=True, verbose_name="noted at")),
                ("refused_until", models.DateTimeField(blank=True, null=True, verbose_name="refused until")),
                ("refusals", models.PositiveIntegerField(default=0, verbose_name="refusals in a row")),
                ("spent_until", models.DateTimeField(blank=True, null=True, verbose_name="share spent until")),
            ],
            options={
                "verbose_name": "credit account",
                "verbose_name_plural": "credit accounts",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("data_center", "org_id"), name="django_bigin_account_per_organization"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data_center", models.CharField(max_length=8, verbose_name="data center")),
                ("org_id", models.CharField(max_length=40, verbose_name="org id")),
                ("minute", models.DateTimeField(verbose_name="minute")),
                ("calls", models.PositiveIntegerField(default=0, verbose_name="calls")),
                ("credits", models.PositiveIntegerField(default=0, verbose_name="credits")),
                (
                    "day_budget",
                    models.PositiveIntegerField(
                        default=0, help_text="The day's credits by edition and licences.", verbose_name="day budget"
                    ),
                ),
            ],
            options={
                "verbose_name": "credit use",
                "verbose_name_plural": "credit uses",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("data_center", "org_id", "minute"), name="django_bigin_credits_per_minute"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("refresh", "Refresh token"),
                            ("sync", "Sync"),
                            ("full_sync", "Full sync"),
                            ("verify", "Verify"),
                            ("repair", "Verify and repair"),
                            ("pause", "Pause"),
                            ("resume", "Resume"),
                            ("disconnect", "Disconnect"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("module", models.CharField(blank=True, max_length=64, verbose_name="module")),
                (
                    "batch",
                    models.UUIDField(
                        blank=True,
                        db_index=True,
                        help_text="Shared by the jobs of one request.",
                        null=True,
                        verbose_name="batch",
                    ),
                ),
                (
                    "requested_by_name",
                    models.CharField(
                        blank=True,
                        help_text="A person, a command or the schedule.",
                        max_length=150,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(
                        default=0, help_text="The highest goes first; for the site to set.", verbose_name="priority"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("progress", models.CharField(blank=True, max_length=200, verbose_name="progress")),
                ("created", models.PositiveIntegerField(default=0, verbose_name="created")),
                ("updated", models.PositiveIntegerField(default=0, verbose_name="updated")),
                ("deleted", models.PositiveIntegerField(default=0, verbose_name="deleted")),
                ("quarantined", models.PositiveIntegerField(default=0, verbose_name="quarantined")),
                ("calls", models.PositiveIntegerField(default=0, verbose_name="calls")),
                ("credits", models.PositiveIntegerField(default=0, verbose_name="credits")),
                ("seconds", models.FloatField(default=0, verbose_name="seconds")),
                ("result", models.TextField(blank=True, verbose_name="result")),
                (
                    "details",
                    models.JSONField(
                        blank=True, default=dict, help_text="The result of each module.", verbose_name="details"
                    ),
                ),
                ("error", models.TextField(blank=True, verbose_name="error")),
                ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                ("lease_id", models.CharField(blank=True, default="", max_length=36, verbose_name="lease id")),
                ("lease_until", models.DateTimeField(blank=True, null=True, verbose_name="lease until")),
                ("queued_until", models.DateTimeField(blank=True, null=True, verbose_name="queued until")),
                ("requested_at", models.DateTimeField(db_index=True, verbose_name="requested at")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="django_bigin.connection",
                        verbose_name="connection",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "ordering": ("-requested_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="ModuleSchema",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=64, verbose_name="module")),
                ("label", models.CharField(blank=True, max_length=200, verbose_name="label")),
                (
                    "fields",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='[{"name", "label", "data_type", "json_type", "unique", "custom", "lookup_module", "id"}, ...]',
                        verbose_name="fields",
                    ),
                ),
                ("display_field", models.CharField(blank=True, max_length=120, verbose_name="display field")),
                (
                    "module_modified_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it was last modified at Zoho.",
                        null=True,
                        verbose_name="module modified at",
                    ),
                ),
                ("fields_read_at", models.DateTimeField(blank=True, null=True, verbose_name="fields read at")),
                (
                    "new_fields",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Fields that appeared since the first reading.",
                        verbose_name="new fields",
                    ),
                ),
                (
                    "renamed_fields",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Names that fields had, and those that they have.",
                        verbose_name="renamed fields",
                    ),
                ),
                (
                    "vanished_fields",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Fields that were listed, and are no longer.",
                        verbose_name="vanished fields",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schemas",
                        to="django_bigin.connection",
                        verbose_name="connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "module schema",
                "verbose_name_plural": "module schemas",
            },
        ),
        migrations.CreateModel(
            name="ModuleSync",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=64, verbose_name="module")),
                (
                    "enabled",
                    models.BooleanField(
                        default=True, help_text="Switch off to stop mirroring this module.", verbose_name="enabled"
                    ),
                ),
                (
                    "unavailable_reason",
                    models.TextField(
                        blank=True,
                        help_text="Why Zoho does not offer it; empty if it does.",
                        verbose_name="unavailable reason",
                    ),
                ),
                (
                    "fields",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Fields to mirror; empty: all that Zoho lists.",
                        verbose_name="fields",
                    ),
                ),
                (
                    "interval_seconds",
                    models.PositiveIntegerField(
                        blank=True, help_text="Empty: the site's default.", null=True, verbose_name="interval seconds"
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Idle"),
                            ("full", "Reading every record"),
                            ("bulk", "Reading in bulk"),
                            ("compare", "Comparing the ids"),
                            ("delta", "Reading what changed"),
                        ],
                        default="",
                        max_length=8,
                        verbose_name="phase",
                    ),
                ),
                (
                    "records_watermark",
                    models.DateTimeField(
                        blank=True,
                        help_text="By Zoho's clock: every change up to this moment is stored.",
                        null=True,
                        verbose_name="records watermark",
                    ),
                ),
                (
                    "deletions_watermark",
                    models.DateTimeField(
                        blank=True,
                        help_text="By Zoho's clock: every deletion up to this moment is applied.",
                        null=True,
                        verbose_name="deletions watermark",
                    ),
                ),
                (
                    "opened_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the full sync, comparison or delta in progress began.",
                        null=True,
                        verbose_name="opened at",
                    ),
                ),
                (
                    "position",
                    models.JSONField(
                        blank=True, default=dict, help_text="Where that goes on.", verbose_name="position"
                    ),
                ),
                (
                    "bulk_job",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The bulk read in progress, or why there is none.",
                        verbose_name="bulk job",
                    ),
                ),
                (
                    "missing_ids",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Stored records that a full sync did not find.",
                        verbose_name="missing ids",
                    ),
                ),
                (
                    "full_requested",
                    models.BooleanField(
                        default=True, help_text="Whether the next run is a full sync.", verbose_name="full requested"
                    ),
                ),
                (
                    "deletions_requested",
                    models.BooleanField(
                        default=False,
                        help_text="Whether the next run reads the deleted log.",
                        verbose_name="deletions requested",
                    ),
                ),
                (
                    "read_fields",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="A digest of the last full sync's fields.",
                        max_length=16,
                        verbose_name="read fields",
                    ),
                ),
                (
                    "deltas_since_deletions",
                    models.PositiveIntegerField(default=0, verbose_name="deltas since deletions"),
                ),
                (
                    "incomplete_reason",
                    models.TextField(
                        blank=True,
                        help_text="What is missing in the mirror of this module, and why.",
                        verbose_name="incomplete reason",
                    ),
                ),
                ("lease_id", models.CharField(blank=True, default="", max_length=36, verbose_name="lease id")),
                ("lease_until", models.DateTimeField(blank=True, null=True, verbose_name="lease until")),
                ("queued_until", models.DateTimeField(blank=True, null=True, verbose_name="queued until")),
                (
                    "tries",
                    models.PositiveIntegerField(
                        default=0, help_text="Runs since the last that ended or stored a page.", verbose_name="tries"
                    ),
                ),
                ("last_success_at", models.DateTimeField(blank=True, null=True, verbose_name="last success at")),
                ("last_full_at", models.DateTimeField(blank=True, null=True, verbose_name="last full at")),
                ("last_error", models.TextField(blank=True, verbose_name="last error")),
                ("last_error_at", models.DateTimeField(blank=True, null=True, verbose_name="last error at")),
                ("failure_count", models.PositiveIntegerField(default=0, verbose_name="failure count")),
                ("next_run_at", models.DateTimeField(blank=True, null=True, verbose_name="next run at")),
                (
                    "total_calls",
                    models.PositiveBigIntegerField(
                        default=0, help_text="API calls of all runs.", verbose_name="total calls"
                    ),
                ),
                ("total_credits", models.PositiveBigIntegerField(default=0, verbose_name="total credits")),
                ("total_seconds", models.FloatField(default=0, verbose_name="total seconds")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="modules",
                        to="django_bigin.connection",
                        verbose_name="connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "module",
                "verbose_name_plural": "modules",
                "ordering": ("connection", "module"),
            },
        ),
        migrations.CreateModel(
            name="QuarantinedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=64, verbose_name="module")),
                ("record_id", models.CharField(blank=True, max_length=40, verbose_name="record id")),
                ("raw", models.TextField(help_text="The row as JSON text.", verbose_name="raw")),
                ("raw_hash", models.CharField(max_length=64, verbose_name="raw hash")),
                ("reason", models.TextField(verbose_name="reason")),
                ("tries", models.PositiveIntegerField(default=1, verbose_name="tries")),
                (
                    "seen_at",
                    models.DateTimeField(help_text="When it was last read, by Zoho's clock.", verbose_name="seen at"),
                ),
                ("first_at", models.DateTimeField(verbose_name="first at")),
                ("last_at", models.DateTimeField(verbose_name="last at")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quarantined",
                        to="django_bigin.connection",
                        verbose_name="connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "quarantined row",
                "verbose_name_plural": "quarantined rows",
            },
        ),
        migrations.CreateModel(
            name="Record",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=64, verbose_name="module")),
                ("record_id", models.BigIntegerField(verbose_name="record id")),
                ("data", models.JSONField(default=dict, verbose_name="data")),
                ("name", models.CharField(blank=True, default="", max_length=255, verbose_name="name")),
                ("name_key", models.CharField(blank=True, default="", max_length=120, verbose_name="name key")),
                ("email", models.CharField(blank=True, default="", max_length=254, verbose_name="email")),
                ("email_key", models.CharField(blank=True, default="", max_length=120, verbose_name="email key")),
                ("owner_record_id", models.BigIntegerField(blank=True, null=True, verbose_name="owner record id")),
                (
                    "created_at",
                    models.DateTimeField(
                        blank=True, help_text="When it was created at Zoho.", null=True, verbose_name="created at"
                    ),
                ),
                (
                    "modified_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it was last modified at Zoho.",
                        null=True,
                        verbose_name="modified at",
                    ),
                ),
                (
                    "seen_at",
                    models.DateTimeField(help_text="When this copy was read, by Zoho's clock.", verbose_name="seen at"),
                ),
                ("content_hash", models.CharField(max_length=64, verbose_name="content hash")),
                (
                    "source",
                    models.CharField(
                        choices=[("list", "List"), ("single", "Single read"), ("bulk", "Bulk read")],
                        default="list",
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted at")),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="records",
                        to="django_bigin.connection",
                        verbose_name="connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "record",
                "verbose_name_plural": "records",
                "permissions": (("view_record_data", "Can see the contents of records"),),
            },
        ),
        migrations.CreateModel(
            name="RegistrationState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data_center", models.CharField(max_length=8, verbose_name="data center")),
                ("throttled_until", models.DateTimeField(blank=True, null=True, verbose_name="throttled until")),
                (
                    "recent_throttled",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="[connection id, moment] of grants throttled within the last minute.",
                        verbose_name="recent throttled",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="states",
                        to="django_bigin.clientregistration",
                        verbose_name="registration",
                    ),
                ),
            ],
            options={
                "verbose_name": "registration state",
                "verbose_name_plural": "registration states",
            },
        ),
        migrations.AddConstraint(
            model_name="clientregistration",
            constraint=models.UniqueConstraint(
                fields=("tenant", "client_id"), name="django_bigin_registration_once_per_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="clientsecret",
            constraint=models.UniqueConstraint(
                fields=("registration", "data_center"), name="django_bigin_secret_once_per_dc"
            ),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(fields=["status", "refresh_at"], name="django_bigin_due_refreshes"),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(fields=["status", "metadata_at"], name="django_bigin_due_metadata"),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                fields=("tenant", "data_center", "org_id"), name="django_bigin_connection_once_per_org"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["state", "-priority", "requested_at"], name="django_bigin_waiting_jobs"),
        ),
        migrations.AddConstraint(
            model_name="moduleschema",
            constraint=models.UniqueConstraint(
                fields=("connection", "module"), name="django_bigin_schema_once_per_connection"
            ),
        ),
        migrations.AddIndex(
            model_name="modulesync",
            index=models.Index(fields=["enabled", "next_run_at"], name="django_bigin_due_modules"),
        ),
        migrations.AddConstraint(
            model_name="modulesync",
            constraint=models.UniqueConstraint(
                fields=("connection", "module"), name="django_bigin_module_once_per_connection"
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantinedrow",
            constraint=models.UniqueConstraint(
                fields=("connection", "module", "raw_hash"), name="django_bigin_quarantined_once"
            ),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["connection", "module", "name_key"], name="django_bigin_record_name"),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["connection", "module", "email_key"], name="django_bigin_record_email"),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["connection", "module", "modified_at"], name="django_bigin_record_modified"),
        ),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.UniqueConstraint(
                fields=("connection", "module", "record_id"), name="django_bigin_record_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="registrationstate",
            constraint=models.UniqueConstraint(
                fields=("registration", "data_center"), name="django_bigin_state_once_per_dc"
            ),
        ),
    ]
