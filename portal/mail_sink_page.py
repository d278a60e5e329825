"""The mail sink's page: plain HTML without scripts, readable only from this machine."""

from __future__ import annotations

import json
import re
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from portal.faulty import answer_post
from portal.notify_stand_in import LIST, SEND, SEND_MAIL, DropTheLine

if TYPE_CHECKING:
    from portal.chat_stand_in import ChatStandIn
    from portal.mail_sink import Mailbox, Message
    from portal.notify_stand_in import NotifyStandIn
    from portal.webhook_stand_in import Received, WebhookStandIn

LISTED = 200
TEXT = "Text message"  # the sender of one
CHAT = re.compile(r"/(slack|teams|push)/[A-Za-z0-9_-]{1,60}")
BODY_LIMIT = 10_000
TOOLS = '<p><a href="/tools">What came by webhook</a></p>'
LINK = re.compile(r"https?://[^\s<>\"')\]]+")
STYLE = """
body { font: 1rem/1.5 "Helvetica Neue", Helvetica, Arial, sans-serif; color: #0b0c0c; background: #fff;
  max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
article { border-top: 2px solid #0b0c0c; padding: 0.5rem 0 1rem }
h2 { margin: 0.25rem 0; font-size: 1.25rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0 }
dt { font-weight: bold } dd { margin: 0; overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f2f1; padding: 0.75rem; margin: 0.75rem 0 0 }
"""


def page_server(
    mailbox: Mailbox,
    port: int,
    notify: NotifyStandIn | None = None,
    tools: WebhookStandIn | None = None,
    chat: ChatStandIn | None = None,
) -> ThreadingHTTPServer:
    """The page over `mailbox`, bound to the loopback interface and not yet serving. `notify` takes text messages,
    `chat` what goes to channels and browsers, and what `tools` took is shown."""

    class Handler(PageHandler):
        pass

    Handler.mailbox, Handler.notify, Handler.tools, Handler.chat = mailbox, notify, tools, chat
    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


class PageHandler(BaseHTTPRequestHandler):
    mailbox: Mailbox
    notify: NotifyStandIn | None = None
    tools: WebhookStandIn | None = None
    chat: ChatStandIn | None = None
    server_version = "mail-sink"
    timeout = 10

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if not self._asked_from_here():
            return
        to = parse_qs(address.query).get("to", [None])[0]
        if address.path == "/messages.json":
            self._answer("application/json", json.dumps(self.mailbox.messages(to)))
        elif address.path == "/style.css":
            self._answer("text/css", STYLE)
        elif address.path.startswith(LIST) and self.notify:
            self._as_notify(*self.notify.get(self.headers, self.path))
        elif address.path == "/reply" and self._takes_replies():
            self._answer("text/html", reply_page(to or ""))
        elif address.path == "/":
            here = f"http://{self.headers.get('Host')}" if self.chat else ""
            shown, tools = self.mailbox.messages(to), self.tools is not None
            self._answer("text/html", render(shown, replies=self._takes_replies(), tools=tools, chat=here))
        elif address.path == "/tools" and self.tools:
            self._answer("text/html", tools_page(self.tools))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        # Only JSON, because a page of another site cannot send that without asking first.
        if not self._asked_from_here():
            return
        if self.path in {SEND, SEND_MAIL} and self.notify:
            self._take_text(self.notify)
            return
        if self.chat and CHAT.fullmatch(self.path):
            answer_post(self, self.chat)
            return
        if self.path == "/reply" and self._takes_replies():
            self._take_reply()
            return
        if self.path != "/faults" or self.headers.get_content_type() != "application/json":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            length = min(int(self.headers.get("Content-Length", 0)), BODY_LIMIT)
            wish = json.loads(self.rfile.read(length))
            whose = str(wish["recipient"])
            (self.chat if self.chat and CHAT.fullmatch(whose) else self.mailbox).set_fault(whose, wish["fault"])
        except (ValueError, KeyError, TypeError) as trouble:
            self.send_error(HTTPStatus.UNPROCESSABLE_ENTITY, str(trouble))
            return
        self._answer("application/json", json.dumps(self.mailbox.faults))

    def _take_text(self, notify: NotifyStandIn) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), BODY_LIMIT))
        try:
            self._as_notify(*notify.post(self.headers, body, self.path))
        except DropTheLine:
            self.close_connection = True
            self.connection.shutdown(SHUT_RDWR)

    def _takes_replies(self) -> bool:
        return self.notify is not None and bool(self.notify.reply_to)

    def _take_reply(self) -> None:
        """A text from somebody's telephone, typed on our own page."""
        if self.headers.get("Origin") != f"http://{self.headers.get('Host')}":
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), BODY_LIMIT)).decode("utf-8", "replace")
        typed = parse_qs(body, keep_blank_values=True)
        number, text = typed.get("number", [""])[0], typed.get("text", [""])[0]
        assert self.notify is not None
        status = self.notify.reply(number, text)
        said = "The portal has it." if status == HTTPStatus.NO_CONTENT else f"The portal refused it ({status})."
        self._answer("text/html", reply_page(number, said))

    def _as_notify(self, status: int, answer: dict[str, Any]) -> None:
        self._answer("application/json", json.dumps(answer), HTTPStatus(status))

    def log_message(self, format: str, *args: Any) -> None:
        """A page that refreshes itself would fill the log."""

    def _asked_from_here(self) -> bool:
        """Refuse a name that some other site points at this machine (DNS rebinding): mail holds sign-in links."""
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname in {"localhost", "127.0.0.1"}:
            return True
        self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _answer(self, kind: str, text: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")  # without it a form of ours says Origin: null
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def render(messages: list[Message], *, replies: bool = False, tools: bool = False, chat: str = "") -> str:
    """The list as a page. Everything a message says is escaped; only web addresses in it become links.

    `chat` is where this page is, when addresses of channels may lead here.
    """
    shown = (
        "".join(_article(each, replies=replies) for each in messages[:LISTED])
        or "<p>No message yet. This page looks again every 5 seconds.</p>"
    )
    channels = (
        f"<p>Channels to try in your contacts: <code>{escape(chat)}/slack/duty</code> and"
        f" <code>{escape(chat)}/teams/duty</code>.</p>"
        if chat
        else ""
    )
    more = f"<p>{len(messages) - LISTED} older messages are not shown.</p>" if len(messages) > LISTED else ""
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Messages of the demonstration</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="5">'
        '<link rel="stylesheet" href="/style.css"></head><body><main><h1>Messages of the demonstration</h1>'
        f"<p>Bulkhead sent these; none of them left this machine.</p>{channels}{TOOLS if tools else ''}{shown}{more}"
        "</main></body></html>"
    )


def tools_page(tools: WebhookStandIn) -> str:
    """What came by webhook, the newest first."""
    with tools.lock:
        taken = list(tools.received)[: -LISTED - 1 : -1]
    shown = "".join(map(_call, taken)) or "<p>No webhook yet. This page looks again every 5 seconds.</p>"
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Webhooks of the demonstration</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="5">'
        '<link rel="stylesheet" href="/style.css"></head><body><main><h1>Webhooks of the demonstration</h1>'
        f'<p>A tool took these and checked the signature of each.</p><p><a href="/">All messages</a></p>{shown}'
        "</main></body></html>"
    )


def _call(message: Received) -> str:
    facts = {"To": message.path, "webhook-id": message.id, "Signature": "holds" if message.verified else "not checked"}
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    body = escape(json.dumps(message.body, indent=2, ensure_ascii=False))
    return f"<article><h2>{escape(str(message.body.get('type', '')))}</h2><dl>{rows}</dl><pre>{body}</pre></article>"


def reply_page(number: str, said: str = "") -> str:
    """A form to send a text as that telephone; it does not look again by itself, or what is typed would be lost."""
    news = f'<p role="status"><strong>{escape(said)}</strong></p>' if said else ""
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Answer a text</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/style.css">'
        f'</head><body><main><h1>Answer as {escape(number)}</h1>{news}<form method="post" action="/reply">'
        f'<input type="hidden" name="number" value="{escape(number)}"><p><label for="text">Text</label><br>'
        '<input id="text" name="text" maxlength="300" autocomplete="off"> <button>Send</button></p>'
        "<p>The code alone means “I have this”. CUT, CALL or OTHER and the code say something else.</p></form>"
        '<p><a href="/">All messages</a></p></main></body></html>'
    )


def _article(message: Message, *, replies: bool = False) -> str:
    facts = {"To": ", ".join(message["to"]), "From": message["sender"], "Date": message["at"]}
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    subject = escape(message["subject"]) or "(no subject)"
    answer = ""
    if replies and message["sender"] == TEXT:
        answer = f'<p><a href="/reply?to={quote(message["to"][0])}">Answer this text</a></p>'
    return f"<article><h2>{subject}</h2><dl>{rows}</dl><pre>{_linked(message['text'])}</pre>{answer}</article>"


def _linked(text: str) -> str:
    parts, end = [], 0
    for match in LINK.finditer(text):
        address = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join([*parts, escape(text[end:])])
