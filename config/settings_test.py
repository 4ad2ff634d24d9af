"""Settings of the tests: the real ones on a throw-away data folder, with cheap passwords and a fast disk."""

import atexit
import os
import shutil
import tempfile

# One folder per run, shared with the processes that the run starts (they inherit the variable).
if not os.environ.get("TANDEM_TEST_DATA_DIR"):
    os.environ["TANDEM_TEST_DATA_DIR"] = tempfile.mkdtemp(prefix="tandem-test-")
    atexit.register(shutil.rmtree, os.environ["TANDEM_TEST_DATA_DIR"], ignore_errors=True)
os.environ["DATA_DIR"] = os.environ["TANDEM_TEST_DATA_DIR"]
# A developer's own .env must not change what the tests see.
os.environ["TANDEM_ENV_FILE"] = os.devnull
# Playwright's synchronous interface runs a loop of its own, which Django takes for an asynchronous view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
os.environ.setdefault("SECRET_KEY", "only-for-the-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH")

from config.settings import *  # noqa: E402, F403 - the environment above must come first
from config.settings import DATA_DIR, DATABASES  # noqa: E402

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Every test client has a WhiteNoise of its own; it looks a file up when one is asked for, instead of all of them at once.
WHITENOISE_AUTOREFRESH = True

# A thread of a test must not keep a connection that the drop of the test database would wait for.
DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: threads, the live server and a real worker open it too.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    options = DATABASES["default"]["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
