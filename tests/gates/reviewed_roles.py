"""Names for the lines of the reviewed lists. See `reviewed`."""

from __future__ import annotations

APP, AUTH, WORKER, SEALER = "portal_app", "portal_auth", "portal_worker", "portal_sealer"
ROLES = (APP, AUTH, WORKER, SEALER)

# Who may call it, and why it may run as the owner, or need not.
Function = tuple[tuple[str, ...], str]
