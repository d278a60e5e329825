"""Literal secrets in a playbook refuse it, wherever they stand, and are not repeated; what stands for one does not."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from incidents.cacao.reading import PlaybookRefused, read_playbook
from tests.api.asking import check_problem, send
from tests.incidents.playbooks import DEMO, key, small_document

AT = f"/workflow/{key('a')}/commands/0"
HTTP = {"type": "http-api", "command": "GET / HTTP/1.1"}


def with_command(**command: Any) -> dict[str, Any]:
    document = small_document()
    document["playbook_variables"] |= {"__token__": {"type": "string"}, "__user__": {"type": "string"}}
    document["workflow"][key("a")]["commands"] = [command]
    return document


def refused(document: dict[str, Any]) -> list[str]:
    """Where errors stand; [] when it is taken over."""
    errors: tuple[Any, ...] = ()
    try:
        read_playbook(document)
    except PlaybookRefused as why:
        errors = why.errors
    assert "hunter2" not in str([problem.detail for problem in errors])
    return [problem.pointer for problem in errors]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Basic cm9vdDpodW50ZXIy"),
        ("Authorization", "Bearer hunter2"),
        ("authorization", "hunter2"),
        ("Proxy-Authorization", "Basic hunter2"),
        ("X-API-Key", "hunter2"),
        ("X-Auth-Token", "__token__:value hunter2"),
        ("Authorization", "Bearer hunter2 __token__:value"),
        ("Cookie", "session=hunter2"),
        ("Cookie", "a=__token__:value; b=hunter2"),
        ("Private-Token", "hunter2"),
        ("X-Client-Secret", "hunter2"),
        ("Api-Key", "__token__:value__"),
        ("Referer", "https://root:hunter2@192.0.2.1/"),
    ],
)
def test_a_credential_in_a_header_is_refused(name, value):
    assert refused(with_command(**HTTP, headers={name: ["x" if name == "Referer" else "<yours>", value]})) == [
        f"{AT}/headers/{name}/1"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer __token__:value"),
        ("Authorization", "Basic __user__:value:__token__:value"),
        ("X-API-Key", "__token__:value"),
        ("Cookie", "session=__token__:value; other=__user__:value"),
        ("Authorization", "Bearer <your token>"),
        ("Authorization", "Bearer ${TOKEN}"),
        ("X-API-Key", "{{ key }}"),
        ("X-API-Key", ""),
        ("Idempotency-Key", "4a1c"),
        ("Content-Type", "application/json"),
        ("Accept", "text/html"),
    ],
)
def test_what_stands_for_it_and_what_lets_nobody_in_is_taken_over(name, value):
    assert refused(with_command(**HTTP, headers={name: [value]})) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bash", "curl -H 'Authorization: Bearer hunter2' https://192.0.2.1/"),
        ("bash", 'curl -H "X-API-Key: hunter2" https://192.0.2.1/'),
        ("bash", "curl -b x -H 'Cookie: session=hunter2' https://192.0.2.1/"),
        ("bash", "curl -u root:hunter2 https://192.0.2.1/"),
        ("bash", "curl https://root:hunter2@192.0.2.1/"),
        ("bash", "PGPASSWORD=hunter2 psql -h db"),
        ("bash", "mysql --password=hunter2 -h db"),
        ("bash", "tool --api-key hunter2 block"),
        ("ssh", "sshpass -p hunter2 ssh root@192.0.2.1"),
        ("powershell", "Connect-It -Password 'hunter2'"),
        ("http-api", "GET /block?api_key=hunter2 HTTP/1.1"),
        ("bash", "export AWS_SECRET_ACCESS_KEY=hunter2hunter2"),
        ("bash", "key=AKIAIOSFODNN7EXAMPLE deploy"),
        ("manual", "Sign in with password=hunter2 and lock it."),
        ("manual", "Send it with Authorization: Basic cm9vdDpodW50ZXIy."),
    ],
)
def test_a_credential_in_a_command_is_refused_in_clear_and_in_base64(kind, text):
    assert refused(with_command(type=kind, command=text)) == [f"{AT}/command"]
    if kind != "http-api":
        coded = base64.b64encode(text.encode()).decode()
        assert refused(with_command(type=kind, command_b64=coded)) == [f"{AT}/command_b64"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bash", "curl -H 'Authorization: Bearer __token__:value' -u __user__:value:__token__:value"),
        ("bash", 'curl -H "X-API-Key: $KEY" -u "$WHO:$PASS" "https://$WHO:$PASS@192.0.2.1/?token=${TOKEN}"'),
        ("bash", "PGPASSWORD=$(cat /run/secrets/db) psql; mysql --password=<yours>; PWD=/srv run --max_tokens=100"),
        ("powershell", "$password = Get-Secret -Name x; Set-It -Password $password"),
        ("bash", "passwd --lock __user__:value; systemctl restart token-service; kubectl delete secret tls"),
        ("manual", "Ask for: sessions ended, passwords changed. Password: ask the duty officer. Change the token."),
        ("manual", "Type the password of the vault (two people hold it)."),
    ],
)  # fmt: skip
def test_a_command_that_names_one_and_holds_none_is_taken_over(kind, text):
    assert refused(with_command(type=kind, command=text)) == []


def test_bodies_addresses_and_values_of_variables_that_sign_in(client_of, api_of):
    body = json.dumps({"user": "root", "password": "hunter2"})
    assert refused(with_command(**HTTP, content=body)) == [f"{AT}/content"]
    coded = base64.b64encode(body.encode()).decode()
    assert refused(with_command(**HTTP, content_b64=coded)) == [f"{AT}/content_b64"]
    assert refused(with_command(**HTTP, content='{"password": "__token__:value"}')) == []
    document = with_command(**HTTP, headers={"Authorization": ["Bearer __token__:value"]})
    document["playbook_variables"]["__token__"]["value"] = "hunter2"
    assert refused(document) == ["/playbook_variables/__token__/value"]
    document = with_command(**HTTP)
    document["playbook_variables"]["__token__"]["value"] = "a colour"  # nobody signs in by it
    target = "soarca--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0ab"
    document["target_definitions"] = {
        target: {"type": "soarca", "name": "Gate", "address": {"url": ["https://root:hunter2@192.0.2.1/"]}}
    }
    assert refused(document) == [f"/target_definitions/{target}/address/url/0"]
    document["target_definitions"][target]["address"]["url"] = ["https://192.0.2.1:8443/a@b"]
    assert refused(document) == []


@pytest.mark.django_db
def test_an_import_with_one_is_422_and_our_own_playbooks_have_none(api_of):
    document = with_command(**HTTP, headers={"Authorization": ["Bearer hunter2"]})
    answer = send(api_of("ashbourne", ["playbooks"]), "post", "/playbooks/", document)
    check_problem(answer, 422, f"{AT}/headers/Authorization/0")
    assert "hunter2" not in answer.content.decode()
    for path in sorted(DEMO.parent.glob("*.json")):
        assert refused(json.loads(path.read_bytes())) == [], path.name


def seconds_of_work(times: int) -> float:
    """Of the processor, for texts that are made to be hard to look through, as long as `times` says."""
    began = time.process_time()
    for odd, long in (("a", 75_000), ("password", 10_000), ("://a:", 15_000), ("-u a", 15_000), ("bearer ", 10_000)):
        refused(with_command(type="bash", command=odd * long * times))
    refused(with_command(type="bash", command="${" * 22_500 * times))
    return time.process_time() - began


def test_to_look_through_a_long_hostile_text_costs_as_much_as_it_is_long():
    """Twice as long is twice the work, where one part that looks back would make it four times."""
    seconds_of_work(1)
    once, twice = seconds_of_work(2), seconds_of_work(4)
    assert twice < 3 * once + 0.5, (once, twice)
