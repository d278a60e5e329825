"""Who may do what with which rows of every table: the rules as people agreed on them, written by hand in plain SQL.

Nothing is imported from the code that is judged, and no array that a trigger keeps is asked: who takes part is read
from the participants themselves. In a rule `x` is the row and `%(me)s` whoever asks; the owner evaluates it. `OPEN`
rows need no ticket. A table without a line here fails the gate.
"""

from __future__ import annotations

from tests.gates.matrix_access import ACCESS
from tests.gates.matrix_advisories import ADVISORIES
from tests.gates.matrix_incidents import INCIDENTS
from tests.gates.matrix_register import REGISTER
from tests.gates.matrix_rules import (
    ADMINISTERS,
    DOOR,
    LEDGER,
    LEDGER_OF_PEOPLE,
    MINE,
    NOBODY,
    OPEN,
    TOLD,
    Can,
    Row,
)

DOOR_AND_LEDGER: dict[str, Row] = {
    # The door.
    "partners_apikey": Row(Can(MINE), Can(OPEN, OPEN, OPEN, updates="last_used_at revoked_at")),
    "partners_apikeysecret": Row(auth=Can(OPEN, OPEN)),
    "partners_credential": DOOR,
    "partners_signinlink": DOOR,
    "vault_datakey": Row(auth=Can(OPEN, OPEN), worker=Can(MINE)),
    "django_session": DOOR,
    # Signing in: the organisation may know what its people sign in with and where, never with which secret.
    "partners_authenticator": Row(
        Can(
            MINE,
            selects="id organisation_id person_id kind label rides_on_id rides_on_words described_at created_at"
            " last_used_at backed_up",
        ),
        DOOR.auth,
    ),
    "partners_recoverycode": DOOR,
    "partners_signinpolicy": Row(
        Can(MINE, ADMINISTERS, ADMINISTERS, updates="idle_minutes absolute_hours allow_password"), Can(OPEN)
    ),
    "partners_personsession": Row(Can(ADMINISTERS), DOOR.auth),
    "partners_attempts": NOBODY,
    "partners_identityprovider": Row(
        Can(
            MINE,
            selects="organisation_id issuer client_id rides_on_id pinned_at changed_at checked_at trouble is_active",
        ),
        DOOR.auth,
    ),
    "partners_federatedidentity": Row(Can(MINE), DOOR.auth),
    "partners_oidcflow": DOOR,
    # Two persons: whoever is told reads it, and functions alone write it.
    "partners_approval": Row(Can(TOLD)),
    "partners_callback": Row(Can(TOLD)),
    "partners_isolation": Row(Can(f"{TOLD} OR {MINE}"), Can(OPEN), Can(f"{TOLD} OR {MINE}")),
    # Marks on mail domains: whoever may read why; one for oneself alone has an audience of one. A notice is one's own.
    "partners_maildistrust": Row(Can(TOLD)),
    "partners_mailnotice": Row(Can(MINE)),
    "django_content_type": Row(auth=Can(OPEN)),
    "auth_permission": Row(auth=Can(OPEN)),
    "auth_group": NOBODY,
    "auth_group_permissions": NOBODY,
    "django_migrations": NOBODY,
    "api_replay": Row(Can(MINE, MINE, delete=MINE)),
    # The ledger: those who were told; written by whoever acts, of an incident to its participants alone.
    "ledger_event": Row(LEDGER_OF_PEOPLE, worker=LEDGER),
    "ledger_streamentry": Row(Can(MINE), worker=Can(MINE)),
    "ledger_organisationhead": Row(Can(MINE)),
    "ledger_head": NOBODY,
}
MATRIX = REGISTER | DOOR_AND_LEDGER | INCIDENTS | ACCESS | ADVISORIES
