"""Rows of access: what each organisation's logs told, and who of one reached another."""

from __future__ import annotations

from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.gates.arranged_names import ORGANISATIONS, secret_of
from tests.gates.arranging import Writer


class Access(Writer):
    def access(self) -> None:
        """Each reaches the next one; its own log tells of it."""
        for nth, slug in enumerate(ORGANISATIONS):
            own, secret = self.ids[slug], secret_of(slug)
            other = self.ids[ORGANISATIONS[(nth + 1) % len(ORGANISATIONS)]]
            source = self.log(own, secret)
            self.crossed(own, other, source)
            self.names(own, other, slug)
            self.found(own, other, secret)

    def log(self, own: UUID, secret: str) -> UUID:
        source = self.put(
            "monitoring_source", id=uuid4(), organisation_id=own, name=secret, format="normal", made_at="now"
        )
        system = self.one("SELECT id FROM partners_sharedsystem WHERE slug = 'telephony'")
        self.put("monitoring_coverage", id=uuid4(), source_id=source, system_id=system, sign_ins=1, privileged=0,
                 first_at="now", last_at="now")  # fmt: skip
        self.put("monitoring_block", source_id=source, sha256=b"", taken_at="now")
        self.put("monitoring_intake", id=uuid4(), organisation_id=own, source_id=source, name=secret, format="normal",
                 file="", size=1, began_at="now", reached=0, line=0, accepted=0, duplicates=0, rejected=0,
                 first_sights=0, rejections=Jsonb([]), failed="", claimed_by="", attempts=0)  # fmt: skip
        self.put("monitoring_unattributed", id=uuid4(), organisation_id=own, side="home", kind="domain", value=secret,
                 example=secret, times=1, first_at="now", last_at="now", source_id=source)  # fmt: skip
        return source

    def crossed(self, own: UUID, other: UUID, source: UUID) -> None:
        """What two share is nobody's secret of home."""
        where = {"home_id": own, "organisation_id": other, "place": "file-02"}
        told = {"account": f"svc@{own}", "shown": "svc", "source_id": source, "reporter_id": own, "learned": False}
        sight = self.put("monitoring_sight", id=uuid4(), kind="success", account_kind="service", resource="file-02",
                         first_at="now", last_at="now", days=["today"], **where, **told)  # fmt: skip
        self.put("monitoring_passage", id=uuid4(), sight_id=sight, at="now", since="now", reporter_id=own,
                 learned=False)  # fmt: skip
        self.put("monitoring_accesschange", id=uuid4(), action="group-changed", outcome="success", target="admins",
                 at="now", **where, **told)  # fmt: skip
        self.put("monitoring_accountalias", organisation_id=own, home_id=own, alias=f"{own}/svc", account="svc")

    def found(self, own: UUID, other: UUID, secret: str) -> None:
        """One finding of its own, and what it asked the next one to agree to."""
        self.put("monitoring_finding", id=uuid4(), organisation_id=own, side="home", account=secret, shown=secret,
                 account_kind="service", home_id=own, places=["file-02"], organisations=[other], systems=[],
                 rules=["first-sight"], reasons=["service"], weight=20, sight_ids=[], change_ids=[], sights=1,
                 changes=0, first_at="now", last_at="now", made_at="now", state="waiting", because="",
                 decided_by_name="")  # fmt: skip
        self.put("monitoring_suppression", id=uuid4(), organisation_id=own, other_id=other, account="svc", places=[],
                 rule="", reason="x", until="today", asked_at="now", asked_by_name="x", agreed_by_name="",
                 ended_by_name="")  # fmt: skip

    def names(self, own: UUID, other: UUID, slug: str) -> None:
        """One of its own, one of a machine that it said is the next one's, and one that a system's others know."""
        system = self.one("SELECT id FROM partners_sharedsystem WHERE slug = 'planning-search'")
        for kind, whose, of in (("domain", own, None), ("host", other, None), ("app", own, system)):
            self.put("monitoring_identifier", id=uuid4(), organisation_id=whose, kind=kind, value=f"{kind}.{slug}",
                     system_id=of, said_for_id=own, at="now")  # fmt: skip
