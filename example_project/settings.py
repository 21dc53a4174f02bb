"""Settings of the example project, all of them from the environment.

    SECRET_KEY      needed unless DEBUG is on
    DEBUG           off unless it says otherwise
    ALLOWED_HOSTS   comma-separated; this machine only unless it says otherwise
    DATABASE_URL    sqlite:///path, postgres://user@host/name or mysql://user@host/name; a SQLite file in the current
                    folder unless it says otherwise
    CELERY_BROKER_URL
                    redis://host, amqp://user@host, or filesystem:// with CELERY_FOLDER (a folder below the current one
                    unless it says otherwise), which needs no server
    SITE_URL        where browsers find the site; http://localhost:8000 unless it says otherwise
    LOG_LEVEL       INFO unless it says otherwise
    BIGIN_*         each setting of django-bigin under its own name
"""

import os
from pathlib import Path
from typing import Any

import environ

env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
# A default would be a secret that everybody knows; while debugging on one's own machine that does no harm.
SECRET_KEY = env.str("SECRET_KEY", default="insecure: only while DEBUG is on") if DEBUG else env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"
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
    "example_project",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
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
}


def database(url: dict[str, Any]) -> dict[str, Any]:
    """Complete what DATABASE_URL says with what each kind of database needs to serve several processes well."""
    options = dict(url.get("OPTIONS", {}))
    if url["ENGINE"].endswith("sqlite3"):
        # Readers go on while one writes, and a writer waits for its turn from the start instead of failing halfway.
        options = {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
        } | options
    elif url["ENGINE"].endswith("mysql"):
        options = {"charset": "utf8mb4"} | options
    return url | {"OPTIONS": options, "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60)}


DATABASES = {"default": database(env.db_url("DATABASE_URL", default=f"sqlite:///{Path.cwd() / 'example.sqlite3'}"))}

# Celery

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# One at a time: a worker that holds back others' messages delays them by as long as its own slice takes.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
if CELERY_BROKER_URL.startswith("filesystem://"):
    folder = Path(env.str("CELERY_FOLDER", default=str(Path.cwd() / "celery-messages")))
    for name in ("messages", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT = "example_project.folder_broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
        "store_processed": False,
        "polling_interval": 0.05,  # seconds between looks at the folder; a second, where nothing is said
    }

SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# What is not text. All else is.
BIGIN_LISTS = [
    "BIGIN_ALERT_RECIPIENTS",
    "BIGIN_ENCRYPTION_KEYS",
    "BIGIN_EXTRA_DATA_CENTERS",
    "BIGIN_MODULES",
    "BIGIN_SANDBOX_HOSTS",
    "BIGIN_SCOPES",
]
BIGIN_SWITCHES = ["BIGIN_PKCE"]
BIGIN_NUMBERS = ("_SECONDS", "_DAYS", "_SHARE")


def bigin_setting(name: str) -> Any:
    """Read one setting of django-bigin from the environment as the type that it has."""
    if name in BIGIN_LISTS:
        return env.list(name)
    if name in BIGIN_SWITCHES:
        return env.bool(name)
    if name.endswith(BIGIN_NUMBERS):
        return env.float(name)
    return env.str(name)


globals().update({name: bigin_setting(name) for name in os.environ if name.startswith("BIGIN_")})
