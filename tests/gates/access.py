"""Who gets which answer at which address: written by hand, and importing nothing of what it judges.

A row is one named address. Its methods map to a line of statuses, one for each of VISITORS in their order; a method
that a row does not name is refused with 405. Pages send whoever has not signed in to sign-in (302), a key included; the
API answers 401 without a key or session and 403 without the scope or role. What is not yours to see is 404, as is what
does not exist.
"""

from __future__ import annotations

from tests.gates.access_answers import (
    EVERYBODY,
    page,
)
from tests.gates.access_api import API
from tests.gates.access_incidents import INCIDENTS
from tests.gates.access_register import REGISTER
from tests.gates.access_sights import SIGHTS

PROBES = (
    # For probes and scrapers.
    page("healthz", EVERYBODY),
    page("readyz", EVERYBODY.replace("200", "503")),
    page("metrics", EVERYBODY),
)  # fmt: skip
ROWS = INCIDENTS + REGISTER + SIGHTS + API + PROBES
