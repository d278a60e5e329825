"""Mail that comes back: matched by a mark that nobody can make, read as RFC 3464 has it, settled like any report."""

from __future__ import annotations

import io
import mailbox
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from notifications.bounce_marks import delivery_in, sender_of
from notifications.bounces import NotABounce, take, take_folder
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)

BEN = "ben.ashcroft@dunmere.example"
BOUNCE = """From: MAILER-DAEMON@mail.dunmere.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I could not deliver your message.
--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.dunmere.example

Final-Recipient: rfc822; ben.ashcroft@dunmere.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--b1--
"""


# Python 3.11's parser stumbles over the two boundaries with a TypeError.
STUMBLES = b"To: {to}\r\nContent-Type: multipart/report; boundary*=x; boundary*0=y\r\n\r\n--x--\r\n"


@pytest.fixture(autouse=True)
def comes_back(settings: Any) -> None:
    settings.BOUNCE_ADDRESS = "bounces@bulkhead.example"


def bounce(to: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    return BOUNCE.format(to=to, action=action, status=status).replace("\n", "\r\n").encode()


def returned_to(mail: Mailbox) -> str:
    (message,) = mail.messages(to=BEN)
    return message["sender"]


def to_ben(stage: Stage) -> list[tuple]:
    return stage.owner(
        "SELECT d.state, d.error FROM notifications_delivery d JOIN partners_contactpoint c"
        " ON c.id = d.contact_point_id WHERE c.address = %s AND d.state <> 'skipped'",
        [BEN],
    )


def taken(raw: bytes, **how: Any) -> str:
    with as_worker():
        return take(raw, **how)


def test_mail_that_comes_back_for_good_is_dead_and_the_next_way_is_taken(stage: Stage, mail: Mailbox):
    stage.opens()
    stage.works()
    before = stage.owner("SELECT count(*) FROM notifications_planning WHERE kind = 'delivery.dead'")
    assert taken(bounce(returned_to(mail))) == "permanent-failure"
    stage.settles()
    assert to_ben(stage) == [("dead", "Their mail server knows no such mailbox.")]
    ((dead,),) = stage.owner("SELECT count(*) FROM notifications_planning WHERE kind = 'delivery.dead'")
    assert dead == before[0][0] + 1
    taken(bounce(returned_to(mail)))  # the same report again changes nothing
    stage.settles()
    assert stage.owner("SELECT count(*) FROM notifications_planning WHERE kind = 'delivery.dead'") == [(dead,)]


def test_a_delay_is_noted_and_nothing_else(stage: Stage, mail: Mailbox):
    stage.opens()
    stage.works()
    assert taken(bounce(returned_to(mail), "delayed", "4.4.1")) == "delayed"
    stage.settles()
    assert to_ben(stage) == [("accepted", "Their mail server has not taken it yet.")]


def test_a_mark_that_is_not_ours_is_refused_whoever_knows_an_id(stage: Stage, mail: Mailbox, settings: Any):
    stage.opens()
    stage.works()
    real = returned_to(mail)
    forged = real[:-26] + ("a" if real[-26] != "a" else "b") + real[-25:]
    head, _, rest = real.partition("+")
    others = f"{head}+{uuid4().hex}-{rest.partition('-')[2]}"  # the mark of another message
    for address in (forged, others, "bounces@bulkhead.example", ""):
        with pytest.raises(NotABounce, match="none of our messages"):
            taken(bounce(address))
    settings.SECRET_KEY = "another portal's secret"
    with pytest.raises(NotABounce):
        taken(bounce(real))
    assert stage.owner("SELECT count(*) FROM notifications_receipt") == [(0,)]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 5000,
        b"To: @to@\r\n\r\nNo report at all.",
        b"To: @to@\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x--\r\n",
        b"To: @to@\r\nContent-Type: multipart/report; report-type=delivery-status\r\n\r\nno boundary",
        bounce("@to@", "delivered", "2.0.0"),
        bounce("@to@") + b"x" * 1_000_001,
        b"To: @to@\r\nContent-Type: multipart/report; boundary=b0\r\n\r\n"
        + b"".join(
            b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (nth, nth + 1) for nth in range(3000)
        ),
        b"To: @to@\r\nContent-Type: multipart/report; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 5000,
        b"To: @to@\r\nContent-Type: message/delivery-status; charset=nonsense\r\n\r\n\xff\xfe",
    ],
)
def test_hostile_mail_is_refused_and_keeps_nothing(stage: Stage, raw: bytes):
    with pytest.raises(NotABounce):
        taken(raw.replace(b"@to@", sender_of(uuid4()).encode()))
    assert stage.owner("SELECT count(*) FROM notifications_receipt") == [(0,)]


def test_the_command_reads_a_file_or_what_is_piped(stage: Stage, mail: Mailbox, tmp_path: Path, monkeypatch: Any):
    stage.opens()
    stage.works()
    (tmp_path / "mail").write_bytes(bounce("somebody@bulkhead.example"))
    with as_worker():
        call_command("bounces", str(tmp_path / "mail"), "--to", returned_to(mail), stdout=io.StringIO())
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"Hello")))
        with pytest.raises(CommandError, match="none of our messages"):
            call_command("bounces", "-")
    stage.settles()
    assert to_ben(stage)[0][0] == "dead"


def test_a_folder_is_looked_through_and_what_is_no_bounce_is_put_aside(stage: Stage, mail: Mailbox, settings, tmp_path):
    stage.opens()
    stage.works()
    settings.BOUNCE_MAILDIR = str(tmp_path / "bounces")
    box = mailbox.Maildir(settings.BOUNCE_MAILDIR, create=True)
    box.add(bounce(returned_to(mail)))
    box.add(b"Subject: Buy now\r\n\r\nCheap")
    with as_worker():
        assert take_folder() == 1
        assert take_folder() == 0
    stage.settles()
    assert to_ben(stage)[0][0] == "dead"
    assert len(box.get_folder("refused")) == 1


def test_the_demonstrations_mail_server_can_send_one_back(stage: Stage, mail: Mailbox, settings, tmp_path, monkeypatch):
    settings.BOUNCE_MAILDIR = str(tmp_path / "bounces")
    monkeypatch.setenv("BOUNCE_MAILDIR", settings.BOUNCE_MAILDIR)
    mail.set_fault(BEN, "bounce")
    stage.opens()
    stage.works()
    with as_worker():
        assert take_folder() == 1
    stage.settles()
    assert to_ben(stage)[0] == ("dead", "Their mail server knows no such mailbox.")


def test_the_sender_is_one_that_mail_servers_take():
    delivery = uuid4()
    address = sender_of(delivery)
    assert len(address.partition("@")[0]) <= 64  # RFC 5321, 4.5.3.1.1
    assert delivery_in([f"<{address.upper()}>"]) == delivery


def test_a_mail_over_which_the_parser_stumbles_stops_no_other(stage: Stage, mail: Mailbox, settings, tmp_path: Path):
    stage.opens()
    stage.works()
    to = returned_to(mail)
    hostile = STUMBLES.replace(b"{to}", to.encode())
    with pytest.raises(NotABounce), as_worker():
        take(hostile)
    box = mailbox.Maildir(tmp_path / "bounces")
    settings.BOUNCE_MAILDIR = str(tmp_path / "bounces")
    for each in (hostile, bounce(to), hostile):
        box.add(each)
    with as_worker():
        assert take_folder() == 1
    assert len(mailbox.Maildir(settings.BOUNCE_MAILDIR, create=False)) == 0
    stage.settles()
    assert stage.owner(
        "SELECT d.state FROM notifications_delivery d JOIN partners_contactpoint c ON c.id = d.contact_point_id"
        " WHERE c.address = %s AND d.way = 'email' AND d.state <> 'skipped'",
        [BEN],
    ) == [("dead",)]
