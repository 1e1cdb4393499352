"""One file of settings: the environment in, safe defaults out.

Without any environment this is the embedded default: SQLite, a broker of our own, mails as files, nothing leaves the
machine. README.md lists the variables.
"""

import os
import secrets
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
VAR = Path(os.environ.get("BACKORDERS_VAR", BASE_DIR / "var"))
VAR.mkdir(parents=True, exist_ok=True)

# Production asks for what a public site must have: a secret, an address, HTTPS. Whoever gives us a secret means it.
DEBUG = os.environ.get("DEBUG", "") == "1"
PRODUCTION = os.environ.get("PRODUCTION", "1" if os.environ.get("SECRET_KEY") and not DEBUG else "") == "1"
DEBUG = DEBUG and not PRODUCTION


def _secret_key() -> str:
    """The secret from the environment; outside production one that is made once and kept beside the data."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    if PRODUCTION:
        raise ImproperlyConfigured("Set SECRET_KEY: without it anybody could forge a session.")
    kept = VAR / "secret_key"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(64))
    return kept.read_text()


def _site_url() -> str:
    """The address that links in mails start with; outside production that of this machine."""
    if given := os.environ.get("SITE_URL"):
        return given.rstrip("/")
    if PRODUCTION:
        raise ImproperlyConfigured("Set SITE_URL: the links in the customers' mails start with it.")
    return f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"


SECRET_KEY = _secret_key()
SITE_URL = _site_url()
OUR_HOSTS = f"{urlsplit(SITE_URL).hostname},127.0.0.1,localhost"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", OUR_HOSTS).split(",")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "backorders.backoffice.apps.BackordersAdminConfig",  # Django's admin with our site in it
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "crispy_forms",
    "anymail",
    "django_htmx",
    "backorders.access",
    "backorders.inbox",
    "backorders.changes",
    "backorders.catalog",
    "backorders.supply",
    "backorders.chasing",
    "backorders.orders",
    "backorders.allocation",
    "backorders.delays",
    "backorders.notifications",
    "backorders.compensation",
    "backorders.desk",
    "backorders.jobs",
    "backorders.importing",
    "backorders.backoffice.apps.BackofficeConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # tokens are masked anew in each page, and its length is random
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "backorders.backoffice.zones.InTheReadersZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            "libraries": {"sending": "backorders.portal.sending"},
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ("backorders",)
CRISPY_TEMPLATE_PACK = "backorders"

# -- data -------------------------------------------------------------------------------------------------------------

DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{VAR / 'backorders.sqlite3'}", conn_max_age=60)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at the start: a read that becomes a write would fail at once, whatever the timeout.
    DATABASES["default"] |= {
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-20000;",
        },
        "TEST": {"NAME": str(VAR / "test.sqlite3")},  # a file: threads of a test share it
    }
else:
    # Compiling a statement takes longer than ours run; on tables nobody analysed yet PostgreSQL would compile them all.
    limits = "-c jit=off -c lock_timeout=3s -c statement_timeout=" + os.environ.get("STATEMENT_TIMEOUT", "15s")
    # The statements of the hottest paths are prepared at their sixth time (backorders/rows.py); others never are.
    options = {"options": limits, "prepare_threshold": 5}
    DATABASES["default"]["OPTIONS"] = options | DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- words and time ---------------------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = os.environ.get("TIME_ZONE", "Europe/Istanbul")  # the business's zone: its dates are ours
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("tr", "Türkçe")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["backorders.backoffice.formats"]

# -- files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # it is looked into at the start, filled or not
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "config.scripts.SmallScriptsStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

DATA_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024  # a pasted list may have 10 MB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# -- mail -------------------------------------------------------------------------------------------------------------

# Without a mail backend mails are files under VAR: a demo or a test never writes to the world.
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = VAR / "mails"
EMAIL_HOST = os.environ.get("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "") == "1"
EMAIL_USE_SSL = os.environ.get("EMAIL_USE_SSL", "") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("MAIL_FROM", "Backorders demo <orders@shop.example>")
REPLY_TO = os.environ.get("MAIL_REPLY_TO", "orders@shop.example")
# Where the provider takes mail in for us and posts it to /anymail/<provider>/inbound/. If it is set, replies go there,
# with the order's own token behind a plus sign; else to the mailbox above, which somebody reads.
INBOUND_ADDRESS = os.environ.get("MAIL_INBOUND", "")
COMPANY_NAME = os.environ.get("COMPANY_NAME", "Backorders demo")
COMPANY_ADDRESS = os.environ.get("COMPANY_ADDRESS", "")
COMPANY_PHONE = os.environ.get("COMPANY_PHONE", "")
ANYMAIL = {
    "WEBHOOK_SECRET": "",
    "REQUESTS_TIMEOUT": (5, 20),
    "IGNORE_UNSUPPORTED_FEATURES": True,
    # Every provider names its own: ANYMAIL_RESEND_API_KEY, ANYMAIL_POSTMARK_SERVER_TOKEN, ANYMAIL_WEBHOOK_SECRET,
    # ANYMAIL_SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY, …
    **{name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")},
}
# What Amazon SNS posts for Amazon SES is signed; only where something in between changes it this is not looked at.
SNS_IS_SIGNED = os.environ.get("SNS_IS_SIGNED", "1") == "1"
# A restored or cloned database does not mail before somebody releases it: its own id differs from this one.
INSTANCE_ID = os.environ.get("INSTANCE_ID", "")

# -- clock and workers ------------------------------------------------------------------------------------------------

# The rows are the truth, the broker only carries nudges and the clock: a task that is lost or comes twice does no harm.
CELERY_BROKER_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:16379/0")
# What is counted for a while only (how often somebody may try) is counted where all processes see it.
if "REDIS_URL" in os.environ:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": CELERY_BROKER_URL,
            "KEY_PREFIX": "backorders",
            "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        }
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,  # longer than any task
    "unacked_restore_interval": 15,
    "unacked_restore_throttle": 1,
    "socket_timeout": 3.0,  # a frozen broker would hold a web request for ever
    "socket_connect_timeout": 3.0,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "global_keyprefix": "backorders:",
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# Everything the clock does, and how often in seconds. Without a broker `run_outbox` does the same, in this order.
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, task, seconds in (
        ("let approvals expire", "backorders.actions.tasks.expire_approvals", 600),
        ("start the day", "backorders.actions.tasks.start_day", 3600),
        ("ask suppliers for dates", "backorders.actions.tasks.ask_suppliers", 3600),
        ("believe silent suppliers no longer", "backorders.actions.tasks.stop_believing", 3600),
        ("find changes made past the verbs", "backorders.actions.tasks.notice_outside_changes", 60),
        ("take back that goods are to be bought", "backorders.actions.tasks.settle_covered", 60),
        ("compensate by policy", "backorders.actions.tasks.run_policies", 60),
        ("keep the law's deadlines", "backorders.actions.tasks.keep_deadlines", 60),
        ("purge old mails", "backorders.notifications.tasks.purge_bodies", 24 * 3600),
        ("purge files of old imports", "backorders.importing.tasks.purge_files", 24 * 3600),
        ("purge old pictures of damage", "backorders.actions.tasks.purge_photos", 24 * 3600),
        ("hear what the provider says", "backorders.notifications.tasks.process_events", 30),
        ("take in what customers reply", "backorders.actions.tasks.take_in_replies", 30),
        ("promise the next updates", "backorders.notifications.tasks.promise_next_updates", 3600),
        ("say what changed", "backorders.notifications.tasks.announce", 30),
        ("mail the digests of inboxes", "backorders.backoffice.tasks.mail_digests", 600),
        ("tell followers", "backorders.backoffice.tasks.tell_followers", 60),
        ("tell followers of views", "backorders.backoffice.tasks.tell_of_views", 300),
        ("send what is due", "backorders.notifications.tasks.deliver", 10),
        ("go on with jobs", "backorders.jobs.tasks.run_jobs", 5),
    )
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat")

# -- safety -----------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "backorders.backoffice.views.unsent.csrf_failed"
AUTHENTICATION_BACKENDS = ["backorders.access.checking.RolesBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:start"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# -- logs: what happened, never to whom -------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"class": "config.logs.Discreet", "format": "{asctime} {levelname:<7} {name} {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
}
