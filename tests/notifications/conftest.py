from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

import portal.celery  # noqa: F401 - jobs find our app, as in every process of the product
from portal.children import free_port
from portal.mail_sink import Handler, Mailbox
from tests.notifications.stage import Stage, clear_away


@pytest.fixture
def stage(transactional_db: None) -> Iterator[Stage]:
    """Needs `django_db(transaction=True)`: what happens here is committed, and thrown away afterwards."""
    yield Stage()
    clear_away()


@pytest.fixture
def mail(settings) -> Iterator[Mailbox]:
    """A real mail server; what arrived is in the mailbox, and it can be told to misbehave."""
    mailbox = Mailbox()
    controller = Controller(Handler(mailbox), hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.MAIL_URL = "127.0.0.1", controller.port, "http://sink.example/"
    settings.SUNK_WAYS = ["email"]
    yield mailbox
    controller.stop(no_assert=True)
