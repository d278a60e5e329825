"""An incident whose plan has commands for tools, and the tool of one that takes part."""

from __future__ import annotations

import pytest

from incidents.playbooks import keep_playbook
from tests.api.asking import send
from tests.incidents.playbooks import tool_document


@pytest.fixture
def document():
    return tool_document()


@pytest.fixture
def opened(cast, inside, api_of, document):
    """Ashbourne has opened an incident with that plan; its reference."""

    def opening(**more):
        with inside("ashbourne"):
            keep_playbook(document, organisation_id=cast.id("ashbourne"))
        body = {"title": "Intruder", "systems": ["identity-platform"], "playbook": "for-tools", **more}
        answer = send(api_of("ashbourne"), "post", "/incidents/", body)
        assert answer.status_code == 201, answer.content
        return answer.json()["reference"]

    return opening


@pytest.fixture
def tool(api_of):
    return api_of("dunmere", ["orders"])
