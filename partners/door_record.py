"""What happens at the door goes into the organisation's own record."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db import connections


def record_at_door(event: str, person_id: UUID, /, **data: Any) -> None:
    """Append one event about this person, for their own organisation. Needs the open door.

    `event` is one of the closed list of `sec.record_at_door`. `data` holds no names and no secrets.
    """
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.record_at_door(%s, %s, %s)", [event, person_id, json.dumps(data)])
