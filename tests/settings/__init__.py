"""Settings of the suite.

The environment chooses: `DATABASE_URL` the database, `BIGIN_TEST_TENANT` ("", "uuid", "int" or "user") whose tenant
model, `BIGIN_TEST_AUTO_FIELD` the site's default primary key, `BIGIN_TEST_THEME` the admin's theme (one of
`tests.settings.themes`), and `BIGIN_TEST_ROUTER` ("", "second" or "replica") a second database: one that holds every
table, or a replica that lags for ever. Whatever a test starts as a process of its own reads these too.
"""

import os
import tempfile
from pathlib import Path

import environ

from tests.settings.themes import THEMES

env = environ.Env()

# One name for all processes of a run, another for each run: two runs on one machine do not meet in one database.
RUN = os.environ.setdefault("BIGIN_TEST_RUN", str(os.getpid()))
SCRATCH = Path(tempfile.gettempdir()) / f"django-bigin-tests-{RUN}"

SECRET_KEY = "only for tests"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.urls"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
STATIC_URL = "/static/"
# Its databases live for one run, so nobody can go on with a copy: see `BIGIN_INSTALLATION_ID`.
SILENCED_SYSTEM_CHECKS = ["django_bigin.W002"]

DATABASE = env.db_url("DATABASE_URL", default=f"sqlite:///{SCRATCH}.sqlite3")
if DATABASE["ENGINE"].endswith("sqlite3"):
    # A file, not memory: several tests look at it from many processes.
    DATABASE["TEST"] = {"NAME": f"{SCRATCH}-test.sqlite3"}
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
    }
else:
    DATABASE["TEST"] = {"NAME": f"test_bigin_{RUN}"}
if DATABASE["ENGINE"].endswith("postgresql"):
    # A database that is thrown away need not survive a power cut.
    DATABASE["OPTIONS"] = {"options": "-c synchronous_commit=off", **DATABASE.get("OPTIONS", {})}
if DATABASE["ENGINE"].endswith("mysql"):
    DATABASE["OPTIONS"] = {"charset": "utf8mb4", "connect_timeout": 5, **DATABASE.get("OPTIONS", {})}
    DATABASE["TEST"] |= {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"}
DATABASES = {"default": DATABASE}

match env.str("BIGIN_TEST_ROUTER", default=""):
    case "":
        pass
    case "second" | "replica" as other_database:
        router = {"second": "EverythingOnSecond", "replica": "PackageReadsFromReplica"}[other_database]
        DATABASE_ROUTERS = [f"tests.support.routers.{router}"]
        name = DATABASE["TEST"]["NAME"]
        other_name = name.replace("-test.", f"-{other_database}.") if "-test." in name else f"{name}_{other_database}"
        DATABASES[other_database] = {**DATABASE, "TEST": {**DATABASE["TEST"], "NAME": other_name, "DEPENDENCIES": []}}
    case other:
        raise environ.ImproperlyConfigured(f"BIGIN_TEST_ROUTER is {other!r}: use second, replica or nothing")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_bigin",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if auto_field := env.str("BIGIN_TEST_AUTO_FIELD", default=""):
    DEFAULT_AUTO_FIELD = f"django.db.models.{auto_field}"
else:
    DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if THEME := env.str("BIGIN_TEST_THEME", default=""):
    before, behind, more = THEMES[THEME]
    INSTALLED_APPS = [*before, *INSTALLED_APPS, *behind]
    globals().update(more)

match env.str("BIGIN_TEST_TENANT", default=""):
    case "":
        BIGIN_TENANT_MODEL = "django_bigin.Tenant"
    case "uuid":
        INSTALLED_APPS.append("tests.tenants_uuid")
        BIGIN_TENANT_MODEL = "tenants_uuid.Customer"
    case "int":
        INSTALLED_APPS.append("tests.tenants_int")
        BIGIN_TENANT_MODEL = "tenants_int.Workspace"
        BIGIN_TENANT_LOOKUP = "code"
    case "user":
        BIGIN_TENANT_MODEL = "auth.User"
        BIGIN_TENANT_LOOKUP = "username"
    case other:
        raise environ.ImproperlyConfigured(f"BIGIN_TEST_TENANT is {other!r}: use uuid, int, user or nothing")

# 32 bytes that count up: a key that nobody takes for a real one.
BIGIN_ENCRYPTION_KEYS = ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]
BIGIN_CLOCK = "django_bigin.testing.clock.now"
if sandbox_url := env.str("BIGIN_SANDBOX_URL", default=""):
    BIGIN_SANDBOX_URL = sandbox_url
if read_timeout := env.float("BIGIN_READ_TIMEOUT_SECONDS", default=0):
    BIGIN_READ_TIMEOUT_SECONDS = read_timeout
