"""Fixtures of the clients that call out: certificates of an authority of ours, and an internet that a test makes up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.portal.egress_cases import NAME, OK, PUBLIC
from tests.portal.listening import Authority, Listener, Net, answering, listener, pretended


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def listening(authority: Authority) -> Iterator[Listener]:
    with listener(answering(OK), authority.context(NAME, PUBLIC)) as listening:
        yield listening


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch, listening: Listener, authority: Authority, settings: Any) -> Iterator[Net]:
    """Whatever the client connects to on port 443, the listener is who answers, with a good certificate."""
    settings.EGRESS_CA_FILE = str(authority.file)
    with pretended(monkeypatch) as net:
        net.names[NAME], net.lands_at = [[PUBLIC]], listening
        yield net
