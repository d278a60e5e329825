"""The objects of CACAO 2.0 as the standard defines them (section numbers in comments).

What refers to what, and what the workflow is as a whole, is looked at by `checks`, `steps` and `flow`.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from incidents.cacao.notes import Notes, Place
from incidents.cacao.shapes import UUID, Anything, ByType, Flag, Id, Keyed, Many, Moment, Record, Shape, Text, Whole
from incidents.cacao.vocabulary import REGIONS, TLP_LEVELS

TEXT, FLAG, ID, MOMENT = Text(), Flag(), Id(), Moment()
TEXTS = Many(TEXT, 1)
IDS = Many(ID, 1)
EXTENSIONS = Keyed(rf"extension-definition--{UUID}", Anything(), 1)
REFERENCE = Record(  # 10.9
    dict.fromkeys(("name", "description", "source", "url", "external_id", "reference_id"), TEXT), ("name",)
)
REFERENCES = Many(REFERENCE, 1)
VALUE: dict[str, Shape] = {
    **dict.fromkeys(("type", "description"), TEXT),
    **dict.fromkeys(("constant", "external"), FLAG),
    "value": Text(nothing=True),
}
VARIABLES = Keyed(  # 10.18
    r"__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__",
    Record(VALUE, ("type",), open=True),
    words="A variable's name looks like __name__.",
)
LABELLED = Keyed(r"[a-zA-Z0-9_-]{0,250}", TEXT)
CONTACT = Record({"email": LABELLED, "phone": LABELLED, "contact_details": TEXT})  # 10.4
LOCATION = Record(  # 10.2
    {
        **dict.fromkeys(("name", "description", "building_details", "network_details", "country", "city"), TEXT),
        **dict.fromkeys(("administrative_area", "street_address", "postal_code"), TEXT),
        **dict.fromkeys(("latitude", "longitude", "precision"), TEXT),
        "region": Text(REGIONS),
    }
)


class _Address:
    """One address of a device; a variable may stand for none of them (the standard's patterns leave it no room)."""

    def __init__(self, of: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address], words: str) -> None:
        self.of, self.words = of, words

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        try:
            if not isinstance(value, str):
                raise ValueError
            self.of(value)
        except ValueError:
            notes.error(place, self.words)


LONGEST_URL = 2000  # letters; browsers take no more


class _Url:
    """Anything that has a host with a dot in it."""

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if (
            not isinstance(value, str)
            or len(value) > LONGEST_URL
            or not re.search(r"[\w()?:/@%.+~#=]{2,256}\.[a-z]{2,6}\b", value, re.ASCII)
        ):
            notes.error(place, "This must be a web address.")


ADDRESS = Record(  # 10.12
    {
        "dname": Many(TEXT),
        "ipv4": Many(_Address(ipaddress.IPv4Address, "This must be an IPv4 address.")),
        "ipv6": Many(_Address(ipaddress.IPv6Address, "This must be an IPv6 address.")),
        "l2mac": Many(Text(like="[a-fA-F0-9]{2}(:[a-fA-F0-9]{2}){5}", words="This must be a hardware address.")),
        "vlan": Many(Whole(0, 4095)),
        "url": Many(_Url()),
    }
)


def _agent(kind: str, required: tuple[str, ...] = (), **own: Shape) -> Record:
    common: dict[str, Shape] = {"type": Text(frozenset({kind})), "name": TEXT, "description": TEXT}
    extensions: dict[str, Shape] = {"location": LOCATION, "agent_target_extensions": EXTENSIONS}
    return Record(common | extensions | own, ("type", "name", *required))


def _other_agent(kind: str, value: Any, place: Place, notes: Notes) -> None:
    """Of a type that the standard does not define: tools have their own, and nothing is known of its fields."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        notes.error(place, "A definition must be an object with a type.")
        return
    if not isinstance(value.get("name"), str):
        notes.error((*place, "name"), "An agent or target needs a name.")
    if "authentication_info" in value:
        ID.check(value["authentication_info"], (*place, "authentication_info"), notes)
    if "agent_target_extensions" in value:
        EXTENSIONS.check(value["agent_target_extensions"], (*place, "agent_target_extensions"), notes)
    if value["type"] != kind:
        notes.warn((*place, "type"), "The identifier and the type disagree.")
    notes.warn((*place, "type"), f"{kind!r} is not a type of agent or target that the standard defines.")


CATEGORY = Many(TEXT, 1)
_DEVICE: dict[str, Shape] = {"address": ADDRESS, "port": TEXT, "authentication_info": ID, "category": CATEGORY}
AGENTS = ByType(  # 7
    {
        **{kind: _agent(kind, contact=CONTACT) for kind in ("group", "individual", "organization")},
        "sector": _agent("sector", ("sector",), sector=TEXT),
        "location": _agent("location", logical=TEXTS),
        "security-category": _agent("security-category", ("category",), category=CATEGORY),
        **{kind: _agent(kind, ("address",), **_DEVICE) for kind in ("http-api", "linux", "ssh")},
        "net-address": _agent("net-address", ("address",), **{k: v for k, v in _DEVICE.items() if k != "port"}),
    },
    1,
    other=_other_agent,
)


def _sign_in(kind: str, required: tuple[str, ...] = (), *own: str) -> Record:
    return Record(
        {
            "type": Text(frozenset({kind})),
            **dict.fromkeys(("name", "description", "kms_key_identifier", *own), TEXT),
            "kms": FLAG,
            "authentication_info_extensions": EXTENSIONS,
        },
        ("type", *required),
    )


SIGN_INS = ByType(  # 6
    {
        "http-basic": _sign_in("http-basic", (), "user_id", "password"),
        "oauth2": _sign_in("oauth2", ("oauth_header", "token"), "oauth_header", "token"),
        "user-auth": _sign_in("user-auth", (), "username", "password"),
    },
    1,
)
EXTENSION_DEFINITIONS = Keyed(  # 8
    rf"extension-definition--{UUID}",
    Record(
        {
            "type": Text(frozenset({"extension-definition"})),
            **dict.fromkeys(("name", "description", "schema", "version"), TEXT),
            "created_by": ID,
            "external_references": Many(REFERENCE),
        },
        ("type", "name", "created_by", "schema", "version"),
    ),
)


def _marking(kind: str, required: tuple[str, ...], **own: Shape) -> Record:
    fields: dict[str, Shape] = {
        "type": Text(frozenset({kind})),
        **dict.fromkeys(("id", "created_by"), ID),
        **dict.fromkeys(("name", "description"), TEXT),
        **dict.fromkeys(("created", "valid_from", "valid_until"), MOMENT),
        "revoked": FLAG,
        "labels": TEXTS,
        "external_references": REFERENCES,
        "marking_extensions": EXTENSIONS,
    }
    return Record(fields | own, ("type", "id", "created_by", "created", *required))


_IEP = (
    "tlp", "encrypt_in_transit", "permitted_actions", "affected_party_notifications", "attribution",
    "unmodified_resale",
)  # fmt: skip
MARKINGS = ByType(  # 9
    {
        "marking-statement": _marking("marking-statement", ("statement",), statement=TEXT),
        "marking-tlp": _marking("marking-tlp", ("tlpv2_level",), tlpv2_level=Text(TLP_LEVELS)),
        # Its own external_references are texts and must be objects as everybody's: none can be valid, as published.
        "marking-iep": _marking(
            "marking-iep",
            ("name", "description", "iep_version", "start_date", "end_date", "external_references", *_IEP),
            **dict.fromkeys(_IEP, TEXT),
            iep_version=Whole(),
            start_date=MOMENT,
            end_date=Moment(nothing=True),
        ),
    }
)
SIGNATURE_FIELDS: dict[str, Shape] = {  # 10.15
    "type": Text(frozenset({"jss"})),
    **dict.fromkeys(("id", "created_by", "related_to"), ID),
    **dict.fromkeys(("created", "modified", "valid_from", "valid_until", "related_version"), MOMENT),
    **dict.fromkeys(("signee", "hash_algorithm", "algorithm", "value"), TEXT),
    **dict.fromkeys(("public_key", "cert_url", "thumbprint"), TEXT),
    "public_cert_chain": TEXTS,
    "revoked": FLAG,
}
KEY_FIELDS = ("public_key", "public_cert_chain", "cert_url", "thumbprint")


def _one_key(value: dict[str, Any], place: Place, notes: Notes) -> None:
    if sum(name in value for name in KEY_FIELDS) != 1:
        notes.error(place, f"A signature names its key in exactly one of: {', '.join(KEY_FIELDS)}.")


class _Countersigned:
    """A signature may carry one of itself."""

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        SIGNATURE.check(value, place, notes)


SIGNATURE = Record(
    SIGNATURE_FIELDS | {"signature": _Countersigned()},
    (
        "type",
        "id",
        "created",
        "modified",
        "signee",
        "related_to",
        "related_version",
        "hash_algorithm",
        "algorithm",
        "value",
    ),
    (_one_key,),
)
SUMMARY_FIELDS = (  # 10.14
    "manual_playbook", "external_playbooks", "parallel_processing", "if_logic", "while_logic", "switch_logic",
    "temporal_logic", "data_markings", "digital_signatures", "countersigned_signatures", "extensions",
)  # fmt: skip
SUMMARY = Record(dict.fromkeys(SUMMARY_FIELDS, FLAG))
