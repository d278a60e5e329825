"""What a tool asks of the API."""

from __future__ import annotations

import jwt

from tests.api.asking import send
from tests.incidents.playbooks import key


def orders(client, query=""):
    return send(client, "get", f"/work-orders/{query}").json()["results"]


def take(client, order, **body):
    return send(client, "post", f"/work-orders/{order['id']}/take/", body)


def say(client, order, lease, **body):
    return send(client, "post", f"/work-orders/{order['id']}/answer/", {"lease": lease, **body})


def verified(client, text, audience="dunmere"):
    """As a tool does it: with PyJWT, and the key that the portal publishes."""
    (jwk,) = send(client, "get", "/work-orders/keys/").json()["keys"]
    assert jwt.get_unverified_header(text)["kid"] == jwk["kid"]
    return jwt.decode(text, jwt.PyJWK(jwk), algorithms=["EdDSA"], audience=audience)


def at_once(document):
    """B and C are ready at the opening; A is not there."""
    start, workflow = document["workflow_start"], document["workflow"]
    workflow[start]["on_completion"] = workflow.pop(key("a"))["on_completion"]
    del document["target_definitions"]
