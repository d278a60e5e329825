"""The mail sink as the process that it is, over real sockets."""

import json
import os
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest

from portal.children import free_port
from portal.mail_sink import KEPT, Mailbox, faults_from
from portal.mail_sink_page import render
from portal.var_folder import root


class Sink:
    def __init__(self):
        self.smtp_port, self.http_port = free_port(), free_port()
        command = [sys.executable, "-m", "portal.mail_sink"]
        command += ["--smtp-port", str(self.smtp_port), "--http-port", str(self.http_port)]
        environment = {**os.environ, "MAIL_SINK_FAULTS": "away@example.org=4xx"}
        self.process = subprocess.Popen(command, cwd=root(), env=environment)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self.get("/")
                break
            except urllib.error.URLError:
                time.sleep(0.05)

    def send(self, to, subject="Subject", text="Text", timeout=10):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "portal@example.org", to, subject
        message.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=timeout) as client:
            client.send_message(message)

    def get(self, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def messages(self, to):
        return json.loads(self.get(f"/messages.json?to={to}"))

    def set_fault(self, recipient, fault, kind="application/json"):
        body = json.dumps({"recipient": recipient, "fault": fault}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}/faults", data=body, headers={"Content-Type": kind}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def sink():
    sink = Sink()
    yield sink
    sink.process.terminate()
    assert sink.process.wait(5) == 0


def test_messages_are_listed_newest_first(sink):
    sink.send("order@example.org", subject="one")
    sink.send("order@example.org", subject="two", text="Grüße")
    newest, older = sink.messages("order@example.org")
    assert (newest["subject"], older["subject"]) == ("two", "one")
    assert newest["text"].strip() == "Grüße"
    assert newest["to"] == ["order@example.org"]
    assert newest["id"] > older["id"]


def test_a_message_for_somebody_else_is_not_in_the_answer(sink):
    sink.send("somebody@example.org")
    assert sink.messages("nobody@example.org") == []


def test_the_page_escapes_what_messages_say_and_links_addresses(sink):
    sink.send("page@example.org", subject="<b>bold", text="<script>alert(1)</script> http://localhost:8000/a?b=1&c=2")
    page = sink.get("/?to=page@example.org")
    assert "<script>" not in page
    assert "&lt;b&gt;bold" in page
    assert '<a href="http://localhost:8000/a?b=1&amp;c=2">' in page


def test_another_sites_name_for_this_machine_is_refused(sink):
    with pytest.raises(urllib.error.HTTPError, match="421"):
        sink.get("/messages.json", Host="attacker.example")


@pytest.mark.parametrize(("fault", "code"), [("4xx", 451), ("5xx", 550)])
def test_a_recipient_can_be_made_to_refuse(sink, fault, code):
    recipient = f"refuses-{fault}@example.org"
    sink.set_fault(recipient, fault)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        sink.send(recipient)
    assert refused.value.recipients[recipient][0] == code
    sink.send("others@example.org")
    sink.set_fault(recipient, None)
    sink.send(recipient)
    assert len(sink.messages(recipient)) == 1


def test_a_recipient_can_be_made_to_hang(sink):
    sink.set_fault("hangs@example.org", "hang")
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        sink.send("hangs@example.org", timeout=0.5)


def test_a_recipient_can_be_made_to_drop_the_connection(sink):
    sink.set_fault("drops@example.org", "refuse")
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        sink.send("drops@example.org")


def test_faults_can_be_set_from_the_start(sink):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        sink.send("Away@example.org")


def test_faults_are_not_set_by_a_form_of_another_site(sink):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        sink.set_fault("*", "5xx", kind="text/plain")
    with pytest.raises(urllib.error.HTTPError, match="422"):
        sink.set_fault("*", "explode")
    sink.send("unharmed@example.org")


def test_only_the_last_messages_are_kept():
    mailbox = Mailbox()
    for number in range(KEPT + 1):
        mailbox.add(sender="a@example.org", to=["b@example.org"], content=f"Subject: {number}\r\n\r\n".encode())
    kept = mailbox.messages()
    assert len(kept) == KEPT
    assert (kept[0]["subject"], kept[-1]["subject"]) == (str(KEPT), "1")


def test_a_message_of_unknown_character_set_is_kept_readable():
    mailbox = Mailbox()
    mailbox.add(sender="", to=["b@example.org"], content=b"Content-Type: text/plain; charset=x-none\r\n\r\nhello\xff")
    (message,) = mailbox.messages()
    assert message["text"].startswith("hello")
    assert "(no subject)" in render([message])


def test_a_misspelt_fault_stops_the_start():
    assert faults_from("a@example.org=hang, *=5xx") == {"a@example.org": "hang", "*": "5xx"}
    with pytest.raises(ValueError, match="fault must be one of"):
        faults_from("a@example.org=sulk")
