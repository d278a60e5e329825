"""The name under which a process claims rows of a queue."""

from __future__ import annotations

import os
import secrets
import socket


def claimant() -> str:
    """A name for one batch of claims, never used again: a process that died cannot be mistaken for its successor."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"
