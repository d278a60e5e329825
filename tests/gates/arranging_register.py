"""Rows of the register: permissions, estate, contacts, cards, files, assurance."""

from __future__ import annotations

from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.gates.arranged_names import ORGANISATIONS, secret_of, ticket
from tests.gates.arranging import Writer


class Register(Writer):
    def permissions(self) -> None:
        """Permissions between pairs that overlap, and standing access that the council alone has said something of."""
        for grantor, grantee in (("coldharbour", "ashbourne"), ("dunmere", "gravenhurst"), ("brackenfield", "dunmere")):
            made = uuid4()
            self.put(
                "partners_integration", id=made, grantor_id=self.ids[grantor], grantee_id=self.ids[grantee],
                made_at="now", latest=1, ended_by_name="", ended_because="",
            )  # fmt: skip
            self.put(
                "partners_integrationversion", id=uuid4(), integration_id=made, number=1,
                name=f"{grantee} to {grantor}",
                purpose="x", direction="both", data_classes=["personal"], accounts=["svc-x@y"], resources="",
                system_ids=[], starts_on="today", review_on="today", expires_on="today", grantor_owner_name="",
                grantee_owner_name="", kill_switch_name="x", kill_switch_how="x", link_kind="", proposed_at="now",
                proposed_by_name="", proposed_for_id=self.ids[grantee], grantor_approved_by="",
                grantee_approved_by="", refused_by_name="", refused_because="",
            )  # fmt: skip
        for provider, council in (("northgate", "ashbourne"), ("northgate", "dunmere"), ("coldharbour", "dunmere")):
            line = uuid4()
            self.put(
                "partners_standingaccess", id=line, provider_id=self.ids[provider], council_id=self.ids[council],
                name="x", kind="group", rights="x", privileged=True, why="x", approved_by="", system_ids=[],
                link_group="", links=[], added_at="now", version=1, answer="", answer_note="",
            )  # fmt: skip
            self.put(
                "partners_attestation", id=uuid4(), access_id=line, organisation_id=self.ids[council], version=1,
                answer="needed", note=secret_of(council), said_by_name="x", at="now",
            )  # fmt: skip

    def estate(self) -> None:
        """Parts of every system and services of every stand; systems of the two keepers with links of all sorts."""
        for slug in ORGANISATIONS:
            self.put(
                "partners_sharedsystem", id=uuid4(), slug=f"own-{slug}", name=secret_of(slug), spoken="",
                description="", hosting="", status="live", safety_critical=False, cut_stops="", account_realms=[],
                owner_id=self.ids[slug],
            )  # fmt: skip
        self.owner.execute(
            "INSERT INTO partners_component (id, system_id, vendor, product, product_version, cpe, purl, note)"
            " SELECT gen_random_uuid(), s.id, '', 'Directory', '1', '', '', s.slug FROM partners_sharedsystem s"
        )
        self.owner.execute(
            "INSERT INTO partners_segment (id, system_id, name, note)"
            " SELECT gen_random_uuid(), s.id, 'Inner', s.slug FROM partners_sharedsystem s"
        )
        self.owner.execute(
            "INSERT INTO partners_publicservice (id, participation_id, organisation_id, system_id, position, category,"
            " name, safety_critical, critical_dates)"
            " SELECT gen_random_uuid(), p.id, p.organisation_id, p.system_id, 1, 'other',"
            " 'Of ' || p.id, false, '[]' FROM partners_participation p"
        )
        stands = (
            "INSERT INTO partners_participation (id, organisation_id, system_id, services, safety_critical, status)"
        )
        for system, slug in (("planning-search", "ashbourne"), ("elections-register", "eastwick")):
            self.owner.execute(
                f"{stands} SELECT gen_random_uuid(), %s, s.id, '{{}}', false, 'live' FROM partners_sharedsystem s"
                " WHERE s.slug = %s",
                [self.ids[slug], system],
            )
        for source, target, barrier in (
            ("telephony", "own-gravenhurst", "none"),  # the target is Gravenhurst's
            ("own-gravenhurst", "telephony", "claimed"),  # it stands on the target
            ("own-gravenhurst", "housing-tenancy", "none"),  # it walks into the target
            ("own-gravenhurst", "finance-ledger", "tested"),  # it knows the target by name alone
            ("website-forms", "own-gravenhurst", "tested"),
            ("own-coldharbour", "website-forms", "none"),  # nobody runs the target
            ("own-dunmere", "own-coldharbour", "none"),
            ("own-coldharbour", "own-dunmere", "tested"),
            ("own-dunmere", "own-brackenfield", "none"),
        ):
            self.owner.execute(
                "INSERT INTO partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries,"
                ' "group", barrier, tested_on, reviewed_by, note)'
                " SELECT gen_random_uuid(), s.id, t.id, 'hosting', %s, '', '', false, '', %s,"
                " CASE WHEN %s = 'tested' THEN current_date END, '', ''"
                " FROM partners_sharedsystem s, partners_sharedsystem t WHERE s.slug = %s AND t.slug = %s",
                [f"{source} {target}", barrier, barrier, source, target],
            )

    def kept(self, slug: str) -> None:
        """Work and chores of one organisation, and history that it shares with nobody."""
        own, secret = self.ids[slug], secret_of(slug)
        self.put(
            "partners_change", id=uuid4(), kind="system", object_id=uuid4(), what="changed", before=Jsonb({}),
            after=Jsonb({"note": secret}), at="now", organisation_id=own, audience=[own],
        )  # fmt: skip
        self.put(
            "partners_workitem", id=uuid4(), organisation_id=own, kind="x", key=secret, title=secret, detail="",
            page="", raised_at="now", state="open", outcome="",
        )  # fmt: skip
        self.put("partners_chore", id=uuid4(), organisation_id=own, name="x", due_at="now", claimed_by="")
        self.reached(slug, own, secret)

    def reached(self, slug: str, own: UUID, secret: str) -> None:
        """Who is on duty, a private number, and tests: one that has begun and one whose minute is still a secret."""
        person = self.ids[f"{slug}/person"]
        point = self.put(
            "partners_contactpoint", id=uuid4(), organisation_id=own, person_id=person, kind="phone", label=secret,
            address="ends 67", trust="trusted", trust_because="", order=9, is_active=True, is_private=True,
        )  # fmt: skip
        self.put("partners_privatenumber", contact_point_id=point, organisation_id=own, sealed=secret.encode())
        channel = self.put(
            "partners_contactpoint", id=uuid4(), organisation_id=own, kind="slack", label=secret, host="x.slack.com",
            address="hooks.slack.com, ends abcd", trust="trusted", trust_because="", order=9, is_active=True,
        )  # fmt: skip
        self.put(
            "partners_sealedaddress", contact_point_id=channel, organisation_id=own, sealed=secret.encode(),
            digest=secret.encode(),
        )  # fmt: skip
        # Of the person whose ticket it is, where a ticket has one (`first` says so), and of a colleague.
        for pk, mine in self.owner.execute(
            "SELECT p.id, p.id IN (SELECT t.person_id FROM sec.grant_token t WHERE t.token_hash = sha256(%s)) AS mine"
            " FROM partners_person p WHERE p.organisation_id = %s ORDER BY mine DESC NULLS LAST, p.name LIMIT 2",
            [ticket(slug).encode(), own],
        ).fetchall():
            self.put("partners_reachpreference", person_id=pk, organisation_id=own, first="sms" if mine else "email",
                     beside=[], quiet_category=4)  # fmt: skip
        contractor = self.put(
            "partners_contractor", id=uuid4(), organisation_id=own, name=secret, number="+441632960000", hours="",
            script=secret,
        )  # fmt: skip
        for whose in ({"person_id": person}, {"contractor_id": contractor}):
            self.put(
                "partners_dutyshift", id=uuid4(), organisation_id=own, weekday=1, starts="08:00", ends="17:00", order=1,
                **whose,
            )  # fmt: skip
            self.put(
                "partners_dutyoverride", id=uuid4(), organisation_id=own, starts_at="now", ends_at="tomorrow",
                note=secret, made_at="now", **whose,
            )  # fmt: skip
        self.put(
            "partners_toldalongside", id=uuid4(), organisation_id=own, role="communications", person_id=person,
            severity=2,
        )  # fmt: skip
        self.owner.execute("DELETE FROM partners_ladderrung WHERE organisation_id = %s AND rung = 'head_of_it'", [own])
        self.put("partners_ladderrung", id=uuid4(), organisation_id=own, rung="head_of_it", person_id=person)
        self.put("partners_laddertime", id=uuid4(), organisation_id=own, band="low", minutes=40)
        self.put("notifications_wording", id=uuid4(), organisation_id=own, message="opened", band="", preface="Ring us",
                 line="")  # fmt: skip
        self.put("partners_offlinepack", organisation_id=own, built_at="now", checked_at="now", digest=b"", page=secret)
        delivery = self.one(
            "SELECT id FROM notifications_delivery WHERE organisation_id = %s AND incident_id IS NULL", own
        )
        self.put(
            "notifications_receipt", id=uuid4(), delivery_id=delivery, provider_ref=secret, status="delivered", at="now"
        )
        self.put(
            "notifications_answer", id=uuid4(), organisation_id=own, delivery_id=delivery, way="link", said="call",
            words=secret, origin="203.0.113.7",
        )  # fmt: skip
        stranger = self.one("SELECT id FROM partners_organisation WHERE id <> %s ORDER BY slug LIMIT 1", own)
        for attempt, caller in enumerate((own, stranger), start=1):
            self.put(
                "notifications_callattempt", id=uuid4(), delivery_id=delivery, organisation_id=own, attempt=attempt,
                caller_organisation_id=caller, caller_id=person, taken_at="now", reported_by=secret,
            )  # fmt: skip
        self.put("notifications_wayout", id=uuid4(), transport="smtp", host=f"{secret}:25", recent="[]")
        for state, month in (("planned", "2026-01-01"), ("done", None)):
            test = self.put(
                "notifications_contacttest", id=uuid4(), organisation_id=own, month=month, due_at="now", state=state,
                because="",
            )  # fmt: skip
            self.put(
                "notifications_contacttestask", id=uuid4(), test_id=test, organisation_id=own, contact_point_id=point,
                person_id=person, delivery_id=delivery, digest=uuid4().bytes, asked_at="now",
            )  # fmt: skip
        self.asked(own, secret, person)
        self.hooked(own, secret)

    def hooked(self, own: UUID, secret: str) -> None:
        """A webhook that is off, so that no other row makes it write any, its key and its log."""
        hook = self.put(
            "notifications_webhook", id=uuid4(), organisation_id=own, label=secret, address=f"https://{secret}.example/",
            host=secret, kinds=["*"], state="off", because=secret,
        )  # fmt: skip
        self.put(
            "notifications_webhooksecret", id=uuid4(), webhook_id=hook, organisation_id=own, sealed=secret.encode()
        )
        for state in ("delivered", "dead"):
            self.put("notifications_webhookdelivery", id=uuid4(), webhook_id=hook, organisation_id=own, seq=1,
                     event_id=uuid4(), kind="x.done", state=state, due_at=None, error=secret)  # fmt: skip

    def asked(self, own: UUID, secret: str, person: UUID) -> None:
        """A card, and when its fact was looked at."""
        asked = {"organisation_id": own, "kind": "contact", "object_id": uuid4(), "fact": Jsonb({"label": secret})}
        self.put("partners_factreview", id=uuid4(), reviewed_on="today", reviewed_by_id=person, **asked)
        self.put("partners_reviewcard", id=uuid4(), person_id=person, month="2026-11-01", place=1, dealt_at="now",
                 state="open", words=secret, work_raised=False, **asked)  # fmt: skip

    def files(self) -> None:
        """A file of each organisation with a row of it, and rows of its own that hang on a file of the next one."""
        files = {slug: uuid4() for slug in ORGANISATIONS}
        for slug, file in files.items():
            own, secret = self.ids[slug], secret_of(slug)
            self.put(
                "partners_import", id=file, organisation_id=own, kind="systems", state="checked", file_name=secret,
                read_as="CSV", headers=[secret], mapping=Jsonb({}), row_count=1, checked_count=1, counts=Jsonb({}),
                uploaded_at="now", written_count=0,
            )  # fmt: skip
            self.put("partners_importmapping", id=uuid4(), organisation_id=own, kind="systems", digest=secret,
                     columns=Jsonb({"name": secret}), used_at="now")  # fmt: skip
        for nth, (slug, file) in enumerate(files.items()):
            own, secret = self.ids[slug], secret_of(slug)
            foreign = files[ORGANISATIONS[(nth + 1) % len(ORGANISATIONS)]]
            for number, of in enumerate((file, foreign), start=1):
                self.put(
                    "partners_importrow", organisation_id=own, file_id=of, number=number, cells=Jsonb([secret]),
                    trouble="", fate="added", key=secret, changes=Jsonb({}), troubles=Jsonb([]), values=Jsonb({}),
                )  # fmt: skip
            # Some jobs stand under another's name: a foreign key alone would allow it.
            queued = foreign if nth % 2 else file
            if nth not in {1, 5}:
                self.owner.execute(
                    "INSERT INTO partners_importjob (file_id, organisation_id, attempts, claimed_by)"
                    " VALUES (%s, %s, 0, '') ON CONFLICT DO NOTHING",
                    [queued, own],
                )

    def assured(self, slug: str) -> None:
        """An assessment of its own that the next one reads, findings in it by both, a contract, files.

        What two of them share is nobody's secret of home.
        """
        own, secret = self.ids[slug], f"shared by {slug} with one other"
        reader = self.ids[ORGANISATIONS[(ORGANISATIONS.index(slug) + 1) % len(ORGANISATIONS)]]
        provider = self.ids["coldharbour" if slug in {"northgate", "dunmere"} else "northgate"]
        assessment = self.put("partners_assessment", id=uuid4(), provider_id=provider, organisation_id=own,
                              kind="architecture", title=secret, scope="s", assessor="", summary="",
                              written_at="now")  # fmt: skip
        self.put("partners_assessmentshare", id=uuid4(), assessment_id=assessment, organisation_id=reader,
                 shared_by_organisation_id=own, shared_at="now")  # fmt: skip
        for whose in (own, reader):
            finding = self.put("partners_finding", id=uuid4(), provider_id=provider, organisation_id=whose,
                               assessment_id=assessment, title=secret, detail="", severity="high", due_on="tomorrow",
                               state="open", raised_at="now", retested_by="")  # fmt: skip
            self.put("partners_findingmove", id=uuid4(), finding_id=finding, what="planned", text=secret,
                     vouched_by="", pressed_by=uuid4(), organisation_id=provider, at="now")  # fmt: skip
        self.put("partners_contract", id=uuid4(), organisation_id=own, provider_id=reader, version=1,
                 responsibilities=Jsonb({}), liability=secret, insurer="", exit_terms="", written_at="now")  # fmt: skip
        for purpose in ("assessment", "task"):
            self.put("files_storedfile", id=uuid4(), organisation_id=own, purpose=purpose, owner_id=assessment,
                     storage_name=uuid4().hex, name=secret, size=1, sha256=b"", content_type="text/plain",
                     state="kept", uploaded_at="now")  # fmt: skip
        self.put("files_usage", organisation_id=own, bytes=2)
