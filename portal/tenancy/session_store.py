"""Django's sessions in the database, read by a statement that is kept prepared: each request of a person reads one."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.postgres.prepared import Prepared

_THAT_LASTS = Prepared(Session, "session_key = %s AND expire_date > %s", using="auth")


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        key = self.session_key or ""
        # Whatever a cookie says comes here, a NUL too, which is no text to PostgreSQL; ours are of letters and digits.
        ours = key.isascii() and key.isalnum()
        found = _THAT_LASTS.first(key, timezone.now()) if ours else None
        if found is None:
            self._session_key = None
        return found
