"""The one client for calls out: webhooks, chat, feeds, identity providers. Nothing else here calls out by HTTP.

    answer = request("POST", url, body=b"…", headers={"Content-Type": "application/json"})

For many calls at once there is `portal.egress.session`, which keeps every promise of this one. What they refuse and why
is in docs/egress.md.
"""

from portal.egress.calls import Answer, request
from portal.egress.refusals import EgressError, Forbidden, NotConnected, TooLarge, TooSlow, Unreachable

__all__ = ["Answer", "EgressError", "Forbidden", "NotConnected", "TooLarge", "TooSlow", "Unreachable", "request"]
