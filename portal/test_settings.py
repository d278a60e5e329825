"""Settings of the test runs: visitors that tests may plant, and a password hash that is quick."""

from portal.settings import *

TEST_VISITORS = True
SECRET_KEY = "only-for-tests"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WATCH_PROCESSES = False  # none of them runs beside a test; the one that tells of it turns this on
FILES_ROOT = VAR_DIR / "test" / "files"  # noqa: F405
