"""One's own ways and wishes by page, and what nobody else reads of them: not a colleague, not the stranger, no list."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.db import DatabaseError, connections, transaction

from partners.models import Change, ContactPoint, ReachPreference
from portal import vapid
from portal.chat_stand_in import Browser
from portal.ledger.models import Event
from tests.notifications.channels import PRIVATE

pytestmark = pytest.mark.django_db

SECRET = "https://hooks.slack.com/services/T00000000/B00000000/fedcba9876543210wxyz"
MINE, ADD = "/partners/contacts/mine/", "/partners/contacts/add/"
WISHES, BROWSER = f"{MINE}wishes/", f"{MINE}browser/"
ENDPOINT = "https://fcm.googleapis.com/wp/of-a-browser"


@pytest.fixture(autouse=True)
def _set_up(settings) -> None:
    settings.VAPID_PRIVATE_KEY, settings.VAPID_PUBLIC_KEY = PRIVATE, vapid.public_of(PRIVATE)
    settings.BESIDE_WAYS = ["teams", "slack", "push"]


def raw(sql: str) -> str:
    """The state with which the database refuses this, '' when it does not."""
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", "")
    return ""


def channel(**more: str) -> dict[str, str]:
    said = {"person": "", "kind": "slack", "label": "Duty channel", "address": SECRET, "rides_on": "", "order": "3"}
    return {**said, **more}


def browser(name: str = "of-a-browser") -> dict[str, str]:
    subscription = Browser.of("/push/x").subscription(f"https://fcm.googleapis.com/wp/{name}")
    return {"label": "Desk at home", **subscription}


def test_the_address_of_a_channel_is_kept_and_never_shown_again(client_of, inside):
    client = client_of("ashbourne", fresh=True)
    assert client.post(ADD, channel()).status_code == 302
    with inside("ashbourne"):
        point = ContactPoint.objects.get(kind="slack")
        assert (point.address, point.host) == ("hooks.slack.com, ends wxyz", "hooks.slack.com")
        assert not any("fedcba" in str([each.before, each.after]) for each in Change.objects.all())
        assert not any("fedcba" in str(each.data) for each in Event.objects.all())
        assert raw("SELECT * FROM partners_sealedaddress") == "42501"
    detail = f"/partners/contacts/{point.pk}/"
    for page in (detail, "/partners/contacts/", "/partners/contacts/papers/sheet/"):
        assert "fedcba" not in client.get(page).content.decode()
    assert "hooks.slack.com, ends wxyz" in client.get(detail).content.decode()
    kept = client.post(detail, channel(label="Renamed", address=""))
    assert kept.status_code == 302
    with inside("ashbourne"):
        point.refresh_from_db()
        assert (point.label, point.address) == ("Renamed", "hooks.slack.com, ends wxyz")
    with inside("gravenhurst"):
        assert not ContactPoint.objects.filter(host="hooks.slack.com").exists()
    again = client.post(ADD, channel())
    assert "one of your contacts already" in again.content.decode()
    other = client_of("gravenhurst", fresh=True)
    assert other.post(ADD, channel()).status_code == 302, "what somebody else has is nobody's to learn"


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "https://hooks.slack.com.evil.example/services/T0/B0/x"},
        {"address": "http://hooks.slack.com/services/T0/B0/xxxxxxxx"},
        {"address": "https://hooks.slack.com/"},
        {"address": "https://user@hooks.slack.com:8443/services/T0/B0/xxx"},
        {"address": "https://127.0.0.1/services/T0/B0/xxxxxxxx"},
        {"address": ""},
        {"kind": "teams"},
        {"kind": "teams", "address": "https://outlook.office.com/webhook/x/IncomingWebhook/y/zzzzzzzz"},
        {"is_private": "on"},
        {"kind": "push"},
    ],
)
def test_an_address_of_something_else_is_refused(client_of, inside, wrong: dict[str, str]):
    answer = client_of("ashbourne", fresh=True).post(ADD, channel(**wrong))
    assert answer.status_code == 422
    with inside("ashbourne"):
        assert not ContactPoint.objects.exclude(host="").exists()


def test_a_channel_counts_for_no_readiness(client_of, inside):
    client = client_of("ashbourne", fresh=True)
    before = client.get("/readiness/").content.decode()
    client.post(ADD, channel())
    with inside("ashbourne"):
        assert ContactPoint.objects.filter(kind="slack").exists()

    def counted(page: str) -> list[str]:
        return [line for line in page.splitlines() if "trusted way" in line or "ways of duty" in line]

    assert counted(client.get("/readiness/").content.decode()) == counted(before)


def test_notices_are_switched_on_in_a_browser_and_off_again(client_of, inside):
    client = client_of("ashbourne", fresh=True)
    assert f'data-push="{vapid.public_of(PRIVATE)}"' in client.get(BROWSER).content.decode()
    assert client.post(BROWSER, browser()).status_code == 302
    assert client.post(BROWSER, {**browser(), "label": "Again"}).status_code == 302
    with inside("ashbourne"):
        (point,) = ContactPoint.objects.filter(kind="push", is_active=True)
        assert (point.label, point.address) == ("Again", urlsplit(ENDPOINT).netloc), "the same browser is one contact"
    page = client.get(MINE).content.decode()
    assert "Switch off" in page
    assert "of-a-browser" not in page
    assert client.post(f"/partners/contacts/{point.pk}/retire/").status_code == 302
    assert "Switch off" not in client.get(MINE).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": ""},
        {"endpoint": "https://push.evil.example/x"},
        {"endpoint": "http://fcm.googleapis.com/x"},
        {"p256dh": "AAAA"},
        {"auth": "not base64!"},
        {"label": ""},
    ],
)
def test_what_no_browser_says_is_refused(client_of, inside, wrong: dict[str, str]):
    answer = client_of("ashbourne", fresh=True).post(BROWSER, {**browser(), **wrong})
    assert answer.status_code == 422
    with inside("ashbourne"):
        assert not ContactPoint.objects.filter(kind="push").exists()


def test_wishes_are_one_s_own(client_of, inside):
    client = client_of("ashbourne", fresh=True)
    wish = {"first": "sms", "beside": ["push"], "quiet_from": "22:00", "quiet_until": "07:00", "quiet_category": "3"}
    assert client.post(WISHES, wish).status_code == 302
    page = client.get(MINE).content.decode()
    assert "Quiet from 22:00 to 07:00 for category 3 or milder." in page
    assert "No wish changes that." in page
    assert 'value="22:00"' in client.get(WISHES).content.decode()
    colleague = client_of("ashbourne", "administrator", fresh=True)
    assert "You have no quiet hours." in colleague.get(MINE).content.decode()
    with inside("ashbourne", "administrator"):
        assert not ReachPreference.objects.exists(), "nor by plain SQL"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"first": "push"}, "push"),
        ({"beside": ["phone"]}, "phone"),
        ({"quiet_until": ""}, "Write both times"),
        ({"quiet_until": "21:59"}, "at most 14 hours"),
        ({"quiet_until": "22:00"}, "at most 14 hours"),
        ({"quiet_category": "2"}, "2"),
        ({"quiet_category": ""}, "Choose how mild"),
        ({"quiet_from": "late"}, "Write a time"),
    ],
)
def test_no_wish_can_keep_an_urgent_message_away(client_of, wrong: dict, words: str):
    wish = {"first": "sms", "beside": [], "quiet_from": "22:00", "quiet_until": "07:00", "quiet_category": "3"}
    answer = client_of("ashbourne", fresh=True).post(WISHES, {**wish, **wrong})
    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "wish",
    ["'push', '{}', NULL, NULL, 4", "'', '{phone}', NULL, NULL, 4", "'', '{}', '22:00', '07:00', 2",
     "'', '{}', '07:00', '06:00', 4", "'', '{}', '07:00', NULL, 4", "'', NULL, NULL, NULL, 4"],
)  # fmt: skip
def test_the_database_says_the_same(inside, wish: str):
    with inside("ashbourne", fresh=True):
        assert raw(f"SELECT sec.keep_reach({wish})") == "23514"


def test_the_service_worker_stands_at_the_root_and_follows_no_address_from_outside(client):
    answer = client.get("/sw.js")
    script = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/javascript")
    assert "/my-tasks/" in script
    for outside in ("importScripts", "data.url", "http://", "https://"):
        assert outside not in script
