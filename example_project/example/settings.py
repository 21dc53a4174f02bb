"""Settings of the site, all of them from the environment.

SECRET_KEY      required, unless DEBUG is on
DEBUG           off by default; manage.py turns it on where SECRET_KEY is not set
ALLOWED_HOSTS   comma-separated; this machine only by default
DATABASE_URL    sqlite:///path, postgres://user@host/name or mysql://user@host/name; example.sqlite3 beside
                manage.py by default
CELERY_BROKER_URL
                redis://host or amqp://user@host; filesystem:// by default, which needs no server, only
                CELERY_FOLDER (celery-messages beside manage.py by default)
SITE_URL        where browsers find the site; http://localhost:8000 by default
LOG_LEVEL       INFO by default
BIGIN_*         each setting of django-bigin under its own name; BIGIN_ENCRYPTION_KEYS is required, unless DEBUG is
                on
"""

import base64
import os
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
# Everybody knows it: good enough for a developer's machine, and for nothing else.
INSECURE = "insecure: only while DEBUG is on"

env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE) if DEBUG else env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

ROOT_URLCONF = "example.urls"
WSGI_APPLICATION = "example.wsgi.application"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_bigin",
    "example",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    # Pages in the language that the browser asks for; the package speaks English and German.
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # At DEBUG every SQL statement: Django's own level would keep them back.
    "loggers": {"django": {"level": env.str("LOG_LEVEL", default="INFO")}},
}


def database(url: dict[str, Any]) -> dict[str, Any]:
    """Add the options with which each kind of database serves several processes well."""
    options = dict(url.get("OPTIONS", {}))
    if url["ENGINE"].endswith("sqlite3"):
        # Readers go on while one writes, and a writer waits for its turn from the start instead of failing halfway.
        options = {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
        } | options
    elif url["ENGINE"].endswith("mysql"):
        options = {"charset": "utf8mb4", "connect_timeout": 5} | options
    return url | {"OPTIONS": options, "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60)}


DATABASES = {"default": database(env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'example.sqlite3'}"))}

# Celery

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# One at a time: a worker that holds back others' messages delays them by as long as its own slice takes.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
if CELERY_BROKER_URL.startswith("filesystem://"):
    folder = Path(env.str("CELERY_FOLDER", default=str(BASE_DIR / "celery-messages")))
    CELERY_BROKER_TRANSPORT = "django_bigin.testing.folder_broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
        "store_processed": False,
        "polling_interval": 0.05,  # seconds; one second by default
    }

# Where the site is found

SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# django-bigin

if DEBUG:
    BIGIN_ENCRYPTION_KEYS = [base64.urlsafe_b64encode(INSECURE.encode()).decode()]
    BIGIN_INSTALLATION_ID = "a developer's machine"

# Settings that are not text.
BIGIN_LISTS = [
    "BIGIN_ALERT_RECIPIENTS",
    "BIGIN_ENCRYPTION_KEYS",
    "BIGIN_EXTRA_DATA_CENTERS",
    "BIGIN_MODULES",
    "BIGIN_SANDBOX_HOSTS",
    "BIGIN_SCOPES",
]
BIGIN_SWITCHES = ["BIGIN_BULK_READ", "BIGIN_CELERY", "BIGIN_PKCE"]
BIGIN_NUMBERS = ("_SECONDS", "_DAYS", "_SHARE")


def bigin_setting(name: str) -> Any:
    """Read one setting of django-bigin from the environment, as its own type."""
    if name in BIGIN_LISTS:
        return env.list(name)
    if name in BIGIN_SWITCHES:
        return env.bool(name)
    if name.endswith(BIGIN_NUMBERS):
        return env.float(name)
    return env.str(name)


globals().update({name: bigin_setting(name) for name in os.environ if name.startswith("BIGIN_")})
