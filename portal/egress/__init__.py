"""The one client for calls out: webhooks, chat, feeds, identity providers. Nothing else here calls out by HTTP.

    answer = request("POST", url, body=b"…", headers={"Content-Type": "application/json"})

What it refuses and why is in docs/egress.md.
"""

from portal.egress.calls import Answer, request
from portal.egress.refusals import EgressError, Forbidden, TooLarge, TooSlow, Unreachable

__all__ = ["Answer", "EgressError", "Forbidden", "TooLarge", "TooSlow", "Unreachable", "request"]
