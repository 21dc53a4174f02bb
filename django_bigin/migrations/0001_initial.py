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
                ("name", models.CharField(max_length=200)),
                ("slug", models.SlugField(help_text="The value of --tenant in commands.", max_length=100, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
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
                ("action", models.CharField(db_index=True, max_length=32)),
                ("at", models.DateTimeField(db_index=True)),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("tenant", models.CharField(blank=True, max_length=200)),
                (
                    "tenant_key",
                    models.CharField(blank=True, db_index=True, help_text="See `audit.key_of`.", max_length=255),
                ),
                ("connection", models.CharField(blank=True, max_length=300)),
                ("connection_key", models.CharField(blank=True, db_index=True, max_length=20)),
                ("detail", models.TextField(blank=True)),
            ],
            options={
                "ordering": ("-at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
                ("kind", models.CharField(help_text="The tick, or a kind of work.", max_length=16)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("identifier", models.CharField(max_length=200)),
                ("adopted_at", models.DateTimeField()),
                ("adopted_by", models.CharField(blank=True, max_length=150)),
            ],
        ),
        migrations.CreateModel(
            name="ClientRegistration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[("server", "Server-based application"), ("self_client", "Self client")],
                        default="server",
                        max_length=16,
                    ),
                ),
                ("client_id", models.CharField(max_length=120)),
                (
                    "home_data_center",
                    models.CharField(default="us", help_text="Where the client was registered.", max_length=8),
                ),
                (
                    "data_centers",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Codes of those it is switched on for; empty: all but cn, or cn alone when that is its home.",
                    ),
                ),
                ("redirect_uri", models.URLField(blank=True, help_text="Empty for a self client.", max_length=500)),
                ("scopes", models.JSONField(blank=True, default=django_bigin.models.registration.default_scopes)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        help_text="Leave empty to let every tenant use it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bigin_registrations",
                        to=TENANT_MODEL,
                    ),
                ),
            ],
            options={
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
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "data_center",
                    models.CharField(
                        blank=True, default="", help_text="Empty: the same secret in every data center.", max_length=8
                    ),
                ),
                ("secret", django_bigin.models.fields.EncryptedTextField(purpose="client_secret.secret")),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="secrets",
                        to="django_bigin.clientregistration",
                    ),
                ),
            ],
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("as_written", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("product", models.CharField(default=django_bigin.models.connection.default_product, max_length=16)),
                ("data_center", models.CharField(max_length=8)),
                ("org_id", models.CharField(help_text="Zoho's zgid.", max_length=40, verbose_name="organization id")),
                ("org_name", models.CharField(blank=True, max_length=200, verbose_name="organization")),
                ("org_time_zone", models.CharField(blank=True, max_length=64)),
                ("org_paid", models.BooleanField(default=False)),
                ("org_licences", models.PositiveIntegerField(default=0)),
                ("zoho_user_id", models.CharField(blank=True, max_length=40)),
                ("zoho_user_email", models.CharField(blank=True, max_length=254)),
                ("scopes", models.JSONField(blank=True, default=list, help_text="As granted.")),
                ("refresh_token", django_bigin.models.fields.EncryptedTextField(purpose="connection.refresh_token")),
                ("access_token", django_bigin.models.fields.EncryptedTextField(purpose="connection.access_token")),
                ("expires_at", models.DateTimeField(blank=True, help_text="When the access token expires.", null=True)),
                (
                    "grant_version",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="Incremented on reconnect and disconnect: an answer to an older grant is ignored.",
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
                    ),
                ),
                ("status_reason", models.TextField(blank=True)),
                ("status_since", models.DateTimeField(blank=True, null=True)),
                ("status_before_pause", models.CharField(blank=True, max_length=24)),
                (
                    "confirm_until",
                    models.DateTimeField(blank=True, help_text="When a pending one is discarded.", null=True),
                ),
                ("last_alert_at", models.DateTimeField(blank=True, null=True)),
                ("last_alert_status", models.CharField(blank=True, max_length=24)),
                (
                    "refresh_at",
                    models.DateTimeField(blank=True, help_text="When it is refreshed, well ahead.", null=True),
                ),
                ("refreshed_at", models.DateTimeField(blank=True, null=True)),
                ("refresh_count", models.PositiveIntegerField(default=0)),
                (
                    "lease_id",
                    models.CharField(blank=True, default="", help_text="Who asks for a token now.", max_length=36),
                ),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("refresh_queued_until", models.DateTimeField(blank=True, null=True)),
                (
                    "token_requests",
                    models.JSONField(blank=True, default=list, help_text="Requests of the last ten minutes."),
                ),
                ("failure_count", models.PositiveIntegerField(default=0)),
                ("throttle_count", models.PositiveIntegerField(default=0)),
                (
                    "refused_count",
                    models.PositiveIntegerField(default=0, help_text="How often the API refused a token just given."),
                ),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                (
                    "metadata_at",
                    models.DateTimeField(blank=True, help_text="When modules and fields are read again.", null=True),
                ),
                (
                    "metadata_lease_id",
                    models.CharField(blank=True, default="", help_text="Who reads them now.", max_length=36),
                ),
                ("metadata_lease_until", models.DateTimeField(blank=True, null=True)),
                ("metadata_queued_until", models.DateTimeField(blank=True, null=True)),
                (
                    "metadata_error",
                    models.TextField(blank=True, help_text="Why the modules and fields could not be read."),
                ),
                ("revoke_queued_until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="connections",
                        to="django_bigin.clientregistration",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bigin_connections", to=TENANT_MODEL
                    ),
                ),
            ],
            options={
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
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state_hash",
                    models.CharField(help_text="SHA-256; the state is not stored.", max_length=64, unique=True),
                ),
                (
                    "nonce_hash",
                    models.CharField(help_text="SHA-256 of the nonce in the browser's session.", max_length=64),
                ),
                (
                    "code_verifier",
                    django_bigin.models.fields.EncryptedTextField(purpose="authorization_attempt.code_verifier"),
                ),
                ("return_to", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.CharField(blank=True, max_length=40)),
                ("detail", models.TextField(blank=True, help_text="The result, in a sentence for the person.")),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bigin_attempts", to=TENANT_MODEL
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="django_bigin.clientregistration",
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
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "as_written",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("as_written", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="CreditUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data_center", models.CharField(max_length=8)),
                ("org_id", models.CharField(max_length=40)),
                ("minute", models.DateTimeField()),
                ("calls", models.PositiveIntegerField(default=0)),
                ("credits", models.PositiveIntegerField(default=0)),
                (
                    "day_budget",
                    models.PositiveIntegerField(default=0, help_text="The day's credits by edition and licences."),
                ),
            ],
            options={
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
                            ("pause", "Pause"),
                            ("resume", "Resume"),
                            ("disconnect", "Disconnect"),
                        ],
                        max_length=16,
                    ),
                ),
                ("module", models.CharField(blank=True, max_length=64)),
                (
                    "batch",
                    models.UUIDField(
                        blank=True, db_index=True, help_text="Shared by the jobs of one request.", null=True
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
                    models.SmallIntegerField(default=0, help_text="The highest goes first; for the site to set."),
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
                    ),
                ),
                ("progress", models.CharField(blank=True, max_length=200)),
                ("created", models.PositiveIntegerField(default=0)),
                ("updated", models.PositiveIntegerField(default=0)),
                ("deleted", models.PositiveIntegerField(default=0)),
                ("quarantined", models.PositiveIntegerField(default=0)),
                ("calls", models.PositiveIntegerField(default=0)),
                ("credits", models.PositiveIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("result", models.TextField(blank=True)),
                ("details", models.JSONField(blank=True, default=dict, help_text="The result of each module.")),
                ("error", models.TextField(blank=True)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("lease_id", models.CharField(blank=True, default="", max_length=36)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("queued_until", models.DateTimeField(blank=True, null=True)),
                ("requested_at", models.DateTimeField(db_index=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="jobs", to="django_bigin.connection"
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
                    ),
                ),
            ],
            options={
                "ordering": ("-requested_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="ModuleSchema",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=64)),
                ("label", models.CharField(blank=True, max_length=200)),
                (
                    "fields",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='[{"name", "label", "data_type", "json_type", "unique", "custom", "lookup_module"}, ...]',
                    ),
                ),
                ("display_field", models.CharField(blank=True, max_length=120)),
                (
                    "module_modified_at",
                    models.DateTimeField(blank=True, help_text="When it was last modified at Zoho.", null=True),
                ),
                ("fields_read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "new_fields",
                    models.JSONField(
                        blank=True, default=list, help_text="Fields that appeared since the first reading."
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schemas",
                        to="django_bigin.connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "module schema",
            },
        ),
        migrations.CreateModel(
            name="ModuleSync",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=64)),
                ("enabled", models.BooleanField(default=True, help_text="Switch off to stop mirroring this module.")),
                (
                    "unavailable_reason",
                    models.TextField(blank=True, help_text="Why Zoho does not offer it; empty if it does."),
                ),
                (
                    "fields",
                    models.JSONField(
                        blank=True, default=list, help_text="Fields to mirror; empty: all that Zoho lists."
                    ),
                ),
                (
                    "interval_seconds",
                    models.PositiveIntegerField(blank=True, help_text="Empty: the site's default.", null=True),
                ),
                (
                    "phase",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Idle"),
                            ("full", "Reading every record"),
                            ("compare", "Comparing the ids"),
                            ("delta", "Reading what changed"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                (
                    "records_watermark",
                    models.DateTimeField(
                        blank=True, help_text="By Zoho's clock: every change up to this moment is stored.", null=True
                    ),
                ),
                (
                    "deletions_watermark",
                    models.DateTimeField(
                        blank=True, help_text="By Zoho's clock: every deletion up to this moment is applied.", null=True
                    ),
                ),
                (
                    "opened_at",
                    models.DateTimeField(
                        blank=True, help_text="When the full sync, comparison or delta in progress began.", null=True
                    ),
                ),
                ("position", models.JSONField(blank=True, default=dict, help_text="Where that goes on.")),
                (
                    "missing_ids",
                    models.JSONField(
                        blank=True, default=list, help_text="Stored records that a full sync did not find."
                    ),
                ),
                ("full_requested", models.BooleanField(default=True, help_text="Whether the next run is a full sync.")),
                (
                    "deletions_requested",
                    models.BooleanField(default=False, help_text="Whether the next run reads the deleted log."),
                ),
                ("deltas_since_deletions", models.PositiveIntegerField(default=0)),
                (
                    "incomplete_reason",
                    models.TextField(blank=True, help_text="What is missing in the mirror of this module, and why."),
                ),
                ("lease_id", models.CharField(blank=True, default="", max_length=36)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("queued_until", models.DateTimeField(blank=True, null=True)),
                (
                    "tries",
                    models.PositiveIntegerField(
                        default=0, help_text="Runs since the last that ended or stored a page."
                    ),
                ),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
                ("last_full_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True)),
                ("last_error_at", models.DateTimeField(blank=True, null=True)),
                ("failure_count", models.PositiveIntegerField(default=0)),
                ("next_run_at", models.DateTimeField(blank=True, null=True)),
                ("total_calls", models.PositiveBigIntegerField(default=0, help_text="API calls of all runs.")),
                ("total_credits", models.PositiveBigIntegerField(default=0)),
                ("total_seconds", models.FloatField(default=0)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="modules",
                        to="django_bigin.connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "module",
                "ordering": ("connection", "module"),
            },
        ),
        migrations.CreateModel(
            name="QuarantinedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=64)),
                ("record_id", models.CharField(blank=True, max_length=40)),
                ("raw", models.TextField(help_text="The row as JSON text.")),
                ("raw_hash", models.CharField(max_length=64)),
                ("reason", models.TextField()),
                ("tries", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quarantined",
                        to="django_bigin.connection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Record",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=64)),
                ("record_id", models.BigIntegerField()),
                ("data", models.JSONField(default=dict)),
                ("name", models.CharField(blank=True, default="", max_length=255)),
                ("name_key", models.CharField(blank=True, default="", max_length=120)),
                ("email", models.CharField(blank=True, default="", max_length=254)),
                ("email_key", models.CharField(blank=True, default="", max_length=120)),
                ("owner_record_id", models.BigIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField(blank=True, help_text="When it was created at Zoho.", null=True)),
                (
                    "modified_at",
                    models.DateTimeField(blank=True, help_text="When it was last modified at Zoho.", null=True),
                ),
                ("seen_at", models.DateTimeField(help_text="When this copy was read, by Zoho's clock.")),
                ("content_hash", models.CharField(max_length=64)),
                (
                    "source",
                    models.CharField(
                        choices=[("list", "List"), ("single", "Single read")], default="list", max_length=12
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="records",
                        to="django_bigin.connection",
                    ),
                ),
            ],
            options={
                "permissions": (("view_record_data", "Can see the contents of records"),),
            },
        ),
        migrations.CreateModel(
            name="RegistrationState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data_center", models.CharField(max_length=8)),
                ("throttled_until", models.DateTimeField(blank=True, null=True)),
                (
                    "recent_throttled",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="[connection id, moment] of grants throttled within the last minute.",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="states",
                        to="django_bigin.clientregistration",
                    ),
                ),
            ],
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
