"""Settings.

Everything that may differ between installations is an environment variable, listed in .env.example.
A value that cannot be understood stops the start with one sentence; nothing is guessed.
"""

import os
import socket
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from config.environment import read_bool, read_choice, read_int, read_list, read_or_make_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# Values set in the environment win over the file.
ENV_FILE = Path(os.environ.get("TANDEM_ENV_FILE") or BASE_DIR / ".env")
if ENV_FILE.is_file():
    environ.Env.read_env(ENV_FILE)

DEBUG = read_bool("DEBUG", False)

# Who runs this: "web" (config/wsgi.py), "worker" (script/supervise.py, docker-compose.yml), else a command.
PROCESS = read_choice("TANDEM_PROCESS", "command", ["web", "worker", "command"])

# True when people reach this installation by https: secure cookies, redirect, HSTS. Off for loopback.
HTTPS = read_bool("TANDEM_HTTPS", False)

# How many reverse proxies stand in front. Only their X-Forwarded-* words are believed (core/middleware.py).
PROXIES = read_int("TANDEM_PROXIES", 0, 0, 5)


# --- the data folder ----------------------------------------------------------------------------------------

DATA_DIR = BASE_DIR / Path(os.environ.get("DATA_DIR") or "data").expanduser()
UPLOAD_DIR = DATA_DIR / "uploads"
REJECT_DIR = DATA_DIR / "rejects"
BROKER_DIR = DATA_DIR / "broker"
# "taken": where a message lies between being found and being read (script/supervise.py makes it the TMPDIR).
BROKER_DIRS = [BROKER_DIR, BROKER_DIR / "messages", BROKER_DIR / "control", BROKER_DIR / "taken"]


def make_data_folders():
    for folder in (DATA_DIR, UPLOAD_DIR, REJECT_DIR, *BROKER_DIRS):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


try:
    make_data_folders()
except OSError as error:
    # With a key and a database elsewhere some commands can do without the folder; tandem.E002 reports it.
    if not os.environ.get("SECRET_KEY"):
        raise ImproperlyConfigured(f"The data folder {DATA_DIR} cannot be written: {error.strerror}.") from error

try:
    SECRET_KEY = os.environ.get("SECRET_KEY") or read_or_make_secret_key(DATA_DIR / "secret_key")
except OSError as error:
    raise ImproperlyConfigured(f"No SECRET_KEY is set and none can be kept in {DATA_DIR}: {error.strerror}.") from error


# --- apps and middleware ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "core",
    "accounts",
    "funnel",
    "campaigns",
    "leads",
    "metrics",
    "reviews",
    "integrations",
    "demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "axes",
]

MIDDLEWARE = [
    "core.middleware.client_address",
    # Above WhiteNoise, so that static files carry the policy too.
    "core.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages shrink to a fifth, for those without a proxy that does it. Of random length, so that a form's token stays secret.
    "django.middleware.gzip.GZipMiddleware",
    "core.middleware.refuse_nul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last: it turns a refused sign-in into the lockout answer.
    "axes.middleware.AxesMiddleware",
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
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


# --- database -----------------------------------------------------------------------------------------------

# Keep requests out of one big transaction: on SQLite every page view would take the write lock.
ATOMIC_REQUESTS = False

SQLITE_OPTIONS = {
    # A transaction that reads first and writes later fails at once beside another writer; IMMEDIATE waits.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;"
        "PRAGMA synchronous=FULL;"
        "PRAGMA foreign_keys=ON;"
        "PRAGMA journal_size_limit=67108864;"
        "PRAGMA cache_size=-20000;"
        "PRAGMA temp_store=MEMORY"
    ),
}

# Milliseconds: (statement, waiting inside a transaction). A page gives up early; an import may take its time.
POSTGRESQL_LIMITS = {"web": (15_000, 30_000), "worker": (240_000, 30_000), "command": (1_800_000, 600_000)}


def read_database():
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'tandem.sqlite3'}"
    try:
        config = env.db_url_config(url)
    except Exception as error:
        raise ImproperlyConfigured("DATABASE_URL cannot be read; see .env.example for the form.") from error
    options = config.setdefault("OPTIONS", {})
    # Threads and processes keep their connection for a minute; a dead one is noticed before it is used.
    config.update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True, ATOMIC_REQUESTS=ATOMIC_REQUESTS)
    match config.get("ENGINE"):
        case "django.db.backends.sqlite3":
            if not config["NAME"] or config["NAME"] == ":memory:":
                raise ImproperlyConfigured("DATABASE_URL must name a file: web and worker share it.")
            config["OPTIONS"] = SQLITE_OPTIONS | options
        case "django.db.backends.postgresql":
            statement, idle = POSTGRESQL_LIMITS[PROCESS]
            options.setdefault(
                "options",
                f"-c statement_timeout={statement} -c lock_timeout=5000 -c idle_in_transaction_session_timeout={idle}",
            )
            options.setdefault("connect_timeout", 5)
            options.setdefault("application_name", f"tandem-{PROCESS}")
        case _:
            raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
    return config


DATABASES = {"default": read_database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# --- Redis, cache, jobs -------------------------------------------------------------------------------------

REDIS_URL = os.environ.get("REDIS_URL", "").strip()
if REDIS_URL and urlsplit(REDIS_URL).scheme not in {"redis", "rediss"}:
    raise ImproperlyConfigured("REDIS_URL must begin with redis:// or rediss://.")

if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "config.cache.ForgivingRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "tandem",
            "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 600,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        # Publishing a hint must not hold up a request; a worker's own connection may be slow under load.
        "socket_timeout": 30 if PROCESS == "worker" else 2,
        "socket_keepalive": True,
        # Without a limit a publish to a dead broker waits for ever.
        "max_retries": 0,
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "tandem"}}
    # The host is a word for kombu, which would warn without one.
    CELERY_BROKER_URL = "filesystem://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
    # Its messages would only pile up as files.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
# Redelivery after a crash would loop for ever on a task that kills its worker; the sweeper brings work back.
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SOFT_TIME_LIMIT = 180
CELERY_TASK_TIME_LIMIT = 240
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker waits for its broker however long that is away.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
# Logging below is the only configuration of the log.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "core.jobs:Clock"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")


# --- people -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign_in"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

PASSWORD_HASHERS = ["config.hashers.TunedArgon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600

# Person and address together: an outsider can lock out only himself. The person is what the form calls "username";
# axes would look for the model's field, find nothing and lock whole offices.
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
# Successful sign-ins are nobody's business here.
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "tandem_session"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "tandem_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
# Pages hand the token to htmx in an attribute; no script needs the cookie.
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = read_list("CSRF_TRUSTED_ORIGINS", [])

# --- the web ------------------------------------------------------------------------------------------------

# Loopback is always allowed: health checks of a container ask there.
ALLOWED_HOSTS = [*read_list("ALLOWED_HOSTS", ["localhost", "[::1]", socket.gethostname()]), "127.0.0.1"]

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# W005 and W021 ask to bind all subdomains and to join the browsers' preload list, both hard to take back.
# auth.W004 overlooks that e-mail addresses are unique by an index that ignores case.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", "auth.W004"]

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    # blob: a chart saved as a picture; data: small pictures inside the style sheets.
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
PERMISSIONS_POLICY = dict.fromkeys(
    ("browsing-topics", "camera", "display-capture", "geolocation", "microphone", "payment", "usb"), "()"
)

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = UPLOAD_DIR
FILE_UPLOAD_PERMISSIONS = 0o600

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# "finders" serves the files where they lie, so that the first start needs no collecting; the image collects
# them once, compressed and with their hash in the name, and says "manifest".
if read_choice("TANDEM_STATIC", "finders", ["finders", "manifest"]) == "manifest":
    STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or BASE_DIR / "staticfiles")
    STATIC_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
else:
    WHITENOISE_USE_FINDERS = True
    STATIC_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": UPLOAD_DIR}},
    "staticfiles": {"BACKEND": STATIC_STORAGE},
}

try:
    vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
except Exception as error:
    raise ImproperlyConfigured("EMAIL_URL cannot be read; see .env.example for the form.") from error
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or "tandem@localhost"
# Where people reach this installation, for the links in mails that no page asked for. Empty: mails carry no link.
SITE_URL = os.environ.get("TANDEM_URL", "").strip().rstrip("/")

REST_FRAMEWORK = {
    # The token comes first: its class names the scheme of a 401.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api_auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.DeclaredPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "core.problems.problem_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tandem",
    "DESCRIPTION": "One funnel for marketing and sales.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    # Choices stand where they are used; as components of their own they would get names such as KindDffEnum.
    "POSTPROCESSING_HOOKS": [],
}

# Instants are stored in UTC; days are the company's (core/periods.py).
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# Plain lines on standard error, and nothing that names a person.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # Replaces Django's own set-up, which mails administrators.
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Refused requests would bring the addresses of links from mails into the log, and with them their tokens.
        "django.request": {"level": "ERROR"},
        "tandem": {"level": "INFO"},
        # Its warnings carry names and addresses; the attempts are in its table.
        "axes": {"level": "ERROR"},
    },
}
