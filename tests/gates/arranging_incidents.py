"""Rows of incidents: sides, radius, planned work, deliveries."""

from __future__ import annotations

from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.gates.arranged_names import ORGANISATIONS, secret_of
from tests.gates.arranging import Writer


def said(cacao_id: str) -> Jsonb:
    """A document of which a row says the same."""
    return Jsonb({"id": cacao_id, "modified": "1", "name": "Own"})


class Incidents(Writer):
    def playbook(self) -> None:
        """Ashbourne's own, next to the demonstration's, which is Northgate's."""
        with self.owner.transaction():  # the steps come with their playbook
            self.playbook_with_steps()
        system = self.one("SELECT id FROM partners_sharedsystem WHERE slug = 'telephony'")
        self.put("incidents_playbooksystem", id=uuid4(), cacao_id="playbook--own", system_id=system,
                 set_by_id=self.ids["northgate"], set_at="now")  # fmt: skip
        # Signed by two, another's taken back, one has only ever signed a playbook that nobody else runs.
        for slug, ended in (
            ("dunmere", ""),
            ("ashbourne", ""),
            ("brackenfield", "withdrawn"),
            ("eastwick", "replaced"),
        ):
            self.signed(slug, "playbook--own", self.ids["playbook"], ended)
        for slug in ("dunmere", "coldharbour"):
            other = self.put(
                "incidents_playbook", id=uuid4(), slug=f"of-{slug}", name="Own", description="", version="1",
                cacao_id=f"playbook--{slug}", created_by_organisation_id=self.ids[slug], imported_at="now",
                document=said(f"playbook--{slug}"), digest=b"", warnings=Jsonb([]), blockers=Jsonb([]),
            )  # fmt: skip
            self.signed("brackenfield" if slug == "dunmere" else slug, f"playbook--{slug}", other, "")

    def playbook_with_steps(self) -> None:
        self.ids["playbook"] = self.put(
            "incidents_playbook", id=uuid4(), slug="own", name="Own", description="", cacao_id="playbook--own",
            version="1", created_by_organisation_id=self.ids["ashbourne"], imported_at="now",
            document=said("playbook--own"), digest=b"", warnings=Jsonb([]), blockers=Jsonb([]),
        )  # fmt: skip
        texts = dict.fromkeys(("do_this", "why", "who", "stops", "worked", "undo", "cannot"), "")
        for position in (1, 2, 3):
            self.ids[f"step/{position}"] = self.put(
                "incidents_step", id=uuid4(), playbook_id=self.ids["playbook"], cacao_step_id=f"action--{position}",
                position=position, title=f"Step {position}", audience="all", acknowledge_minutes=15, finish_minutes=60,
                containing=position == 1, confirmed_by_council=False, join="all", d3fend=Jsonb([]),
                answers=Jsonb([{"name": "__asked__", "kind": "string", "words": "x", "deciding": True}]),
                instructions=Jsonb([{"kind": "bash", "text": "x"}] if position < 3 else []), after=[], **texts,
            )  # fmt: skip

    def signed(self, slug: str, plan: str, version: UUID, ended: str) -> None:
        made = self.put(
            "incidents_signoff", id=uuid4(), organisation_id=self.ids[slug], playbook_id=version, cacao_id=plan,
            signed_at="now", signed_by=uuid4(), valid_until="tomorrow", reservation=secret_of(slug),
            ended_at="now" if ended else None, ended_how=ended, ended_reason=secret_of(slug),
        )  # fmt: skip
        self.put("incidents_signoffstep", id=uuid4(), sign_off_id=made, step_id=self.ids["step/1"],
                 reservation=secret_of(slug), agreed_until="tomorrow")  # fmt: skip

    def signing(self) -> None:
        """Each organisation's key with its private half, and one that it trusts alone; one was used, one is for all."""
        for slug in ORGANISATIONS:
            own, secret = self.ids[slug], secret_of(slug)
            key = self.put(
                "incidents_signingkey", id=uuid4(), organisation_id=own, algorithm="Ed25519", public_key=secret,
                thumbprint=secret, used_at="now" if slug == "ashbourne" else None,
            )  # fmt: skip
            self.put("incidents_signingsecret", key_id=key, organisation_id=own, sealed=secret.encode())
            self.put(
                "incidents_trustedkey", id=uuid4(), owner=secret, public_key=secret, thumbprint=secret, reason=secret,
                for_all=False, added_by_id=own,
            )  # fmt: skip
            self.put(
                "incidents_playbooksignature", id=uuid4(), playbook_id=self.ids["playbook"],
                signature_id=f"jss--{slug}", document=Jsonb({}), organisation_id=own,
                key_id=key if slug == "ashbourne" else None,
            )  # fmt: skip
        approval = self.one("SELECT id FROM partners_approval ORDER BY id LIMIT 1")
        self.put(
            "incidents_trustedkey", id=uuid4(), owner="Everybody's", public_key="all", thumbprint="all", reason="Rung",
            for_all=True, added_by_id=self.ids["ashbourne"], vouched_by_id=self.ids["northgate"], approval_id=approval,
        )  # fmt: skip

    def draft(self, slug: str) -> None:
        """A playbook that an organisation is writing."""
        self.put("incidents_playbookdraft", id=uuid4(), organisation_id=self.ids[slug], name=secret_of(slug),
                 content=Jsonb({"name": secret_of(slug)}), version=1, changed_at="now")  # fmt: skip

    def incident(self, reference: str, roles: dict[str, str]) -> None:
        lead = next(slug for slug, role in roles.items() if role == "lead")
        deputy = next((slug for slug, role in roles.items() if role == "deputy_lead"), "")
        me = self.ids[lead]
        incident = self.ids[reference] = self.put(
            "incidents_incident", id=uuid4(), reference=reference, title=f"Title of {reference}", summary="",
            status="open", tlp="amber", exercise=False, lead_id=me, deputy_lead_id=self.ids.get(deputy),
            participants=[me], overseers=[me], playbook_id=self.ids["playbook"], opened_at="now", outcome="",
            meeting_point="", techniques=[], accounts=[], tell_people=[], lead_phone="",
        )  # fmt: skip
        if reference == "INC-ALONE":
            return
        system = self.one(  # one that is the lead's to name
            "SELECT s.id FROM partners_sharedsystem s WHERE s.provider_id = %s OR EXISTS (SELECT 1"
            " FROM partners_participation p WHERE p.system_id = s.id AND p.organisation_id = %s)"
            " ORDER BY s.slug LIMIT 1",
            me,
            me,
        )
        self.put("incidents_incidentsystem", id=uuid4(), incident_id=incident, system_id=system, slug="s", name="S",
                 named=True)  # fmt: skip
        reached = [{"id": str(self.ids[slug])} for slug in {*ORGANISATIONS, *roles}]
        self.put("incidents_radius", incident_id=incident, computed_at="now",
                 document=Jsonb({"paths": reference, "organisations": reached}))  # fmt: skip
        self.put("incidents_run", incident_id=incident, lead_id=me, claimed_by="")
        self.put("incidents_runstep", id=uuid4(), incident_id=incident, key="action--1", turn=1, name=secret_of(lead),
                 kind="action", parent_key="", parent_turn=0, lap=0, state="begun", outcome="", open=0,
                 rounds=0)  # fmt: skip
        for lap, chosen in enumerate((None, "true")):
            self.put("incidents_decision", id=uuid4(), incident_id=incident, key="if-condition--1", turn=1, lap=lap,
                     kind="choose", name=secret_of(lead), condition="", choices=Jsonb(["true", "false"]),
                     asked_at="now", chosen=chosen, why=secret_of(lead) if chosen else "")  # fmt: skip
        self.radius_moves(incident, lead, list(roles))
        for slug, role in roles.items():
            self.side(reference, slug, role)
        self.put("incidents_knowncard", id=uuid4(), incident_id=incident, number=1, organisation_id=me, known=["So"],
                 believed=[], not_known=[], said_by=uuid4(), at="now")  # fmt: skip
        self.put("incidents_update", id=uuid4(), incident_id=incident, author_organisation_id=me, author_name="A",
                 text="To all of you", at="now")  # fmt: skip
        others = [slug for slug in roles if slug != lead]
        self.put("incidents_update", id=uuid4(), incident_id=incident, author_organisation_id=self.ids[others[0]],
                 author_name="A", text="Not the lead's", at="now")  # fmt: skip
        for asked in {others[0], "dunmere" if "dunmere" in roles else others[-1]}:
            self.put("incidents_handover", id=uuid4(), incident_id=incident, from_organisation_id=me,
                     to_organisation_id=self.ids[asked], kind="voluntary", reason=secret_of(lead), offered_at="now",
                     expires_at="tomorrow", declined_because="")  # fmt: skip
        everybody = list(roles)
        self.event("incident.opened", lead, audience=everybody, incident=reference)
        self.event("incident.widened", others[0], audience=everybody, incident=reference)
        self.event("task.started", others[0], audience=[others[0], lead], incident=reference)
        self.event("work_order.ready", lead, audience=[others[0]], incident=reference)
        self.event("work_order.ready", lead, audience=[others[0], lead], incident=reference)
        self.event("work_order.answered", others[0], audience=[others[0]], incident=reference)
        self.event("work_order.answered", others[0], audience=[others[0], lead], incident=reference)
        outsider = next(slug for slug in ORGANISATIONS if slug not in roles)
        self.event("estate.read", lead, audience=[lead, outsider])
        self.event("task.blocked", others[0], audience=[others[0], outsider], incident=reference)

    def planned(self, reference: str, by: str, reached: list[str]) -> None:
        """Work that `by` has announced, and what those whom it reaches said of it."""
        work = self.put("incidents_plannedwork", id=uuid4(), reference=reference, once=uuid4(),
                        announced_by_id=self.ids[by], title=secret_of(by), stops=secret_of(by), fallback="", ask="x",
                        status="announced", starts_at="tomorrow", ends_at="infinity", window=1, confirm_by="tomorrow",
                        announced_at="now")  # fmt: skip
        system = self.one(
            "SELECT id FROM partners_sharedsystem WHERE slug = 'identity-platform' AND %s IS NOT NULL", work
        )
        self.put("incidents_plannedsystem", id=uuid4(), work_id=work, system_id=system, slug="s", name=secret_of(by))
        self.put("incidents_plannedchange", id=uuid4(), work_id=work, at="now", what="announced", words=secret_of(by),
                 starts_at="tomorrow", ends_at="infinity")  # fmt: skip
        for slug in reached:
            self.put("incidents_plannedside", id=uuid4(), work_id=work, announcer_id=self.ids[by],
                     organisation_id=self.ids[slug], slug=slug, name=slug, because="it is so", answer="objects",
                     reason=secret_of(slug), answered_at="now", answered_window=1)  # fmt: skip

    def campaigns(self) -> None:
        """Links by somebody who sees both incidents, and by somebody who sees one."""
        for one, other, by in (
            ("INC-LED", "INC-TURNED", "ashbourne"),
            ("INC-LED", "INC-APART", "dunmere"),
            ("INC-APART", "INC-TURNED", "gravenhurst"),
            ("INC-ALONE", "INC-TURNED", "brackenfield"),
        ):
            first, second = sorted((self.ids[one], self.ids[other]))
            self.put("incidents_campaignlink", id=uuid4(), one_id=first, other_id=second, name=secret_of(by),
                     made_by_id=self.ids[by], at="now")  # fmt: skip

    def radius_moves(self, incident: UUID, lead: str, roles: list[str]) -> None:
        """A later radius, a reason to walk, and what each side says of itself and of a link."""
        dependency, system = self.owner.execute(
            "SELECT d.id, d.source_id FROM partners_dependency d JOIN partners_sharedsystem s ON s.id = d.source_id"
            " WHERE s.slug = 'identity-platform' ORDER BY d.id LIMIT 1"
        ).fetchone()
        self.put("incidents_radiusversion", id=uuid4(), incident_id=incident, number=1, at="now", causes=Jsonb([]),
                 document=Jsonb({"paths": secret_of(lead)}), contain_first=Jsonb([]), changed=Jsonb({}))  # fmt: skip
        self.put("incidents_rewalk", id=uuid4(), incident_id=incident, what="asked", organisation_id=self.ids[lead],
                 at="now")  # fmt: skip
        outsider = next(slug for slug in ORGANISATIONS if slug not in roles)
        for slug in (*roles, outsider):
            self.put("incidents_untold", id=uuid4(), incident_id=incident, organisation_id=self.ids[slug], slug=slug,
                     name=slug, exposure="direct", path=secret_of(lead), because=secret_of(lead), at="now",
                     told_at=None if slug == outsider else "now")  # fmt: skip
        self.put("incidents_outside", id=uuid4(), incident_id=incident, organisation_id=self.ids[roles[-1]],
                 because=secret_of(lead), agreed_by_id=self.ids[lead], at="now")  # fmt: skip
        for slug in roles:
            said_by, secret = self.ids[slug], secret_of(slug)
            self.put("incidents_linkclaim", id=uuid4(), incident_id=incident, state="proposed", said_by_id=said_by,
                     said_at="now", from_system_id=system, from_name="S", to_name=slug, words=secret,
                     decision="")  # fmt: skip
            self.put("incidents_clearing", id=uuid4(), incident_id=incident, organisation_id=said_by, why=secret,
                     stated_by="N", stated_at="now", was="direct", withdrawn_why="")  # fmt: skip
            self.put("incidents_headsup", id=uuid4(), incident_id=incident, text=secret, exercise=False, sent_at="now",
                     recipients=[said_by])  # fmt: skip
            self.put("incidents_inject", id=uuid4(), incident_id=incident, minute=5, text=secret, due_at="now")
            self.put("incidents_score", id=uuid4(), incident_id=incident, organisation_id=said_by, closed_at="now",
                     steps=8, done=3, declined=1)  # fmt: skip
            self.put("incidents_updatereminder", id=uuid4(), incident_id=incident, lead_id=said_by, promised_at="now",
                     stage="due")  # fmt: skip
            self.put("incidents_updaterequest", id=uuid4(), incident_id=incident, organisation_id=said_by,
                     asked_by_id=self.ids[lead], question=secret, asked_at="now", answer="",
                     answered_by="")  # fmt: skip
            self.technique(incident, slug, lead)
            self.decided(incident, slug, lead)
            self.stated(incident, slug, lead if slug != lead else next(each for each in roles if each != lead))
            self.personal_data(incident, slug, lead if slug != lead else next(each for each in roles if each != lead))
            self.cut(incident, slug, list(roles))
            self.services(incident, slug)
            self.own_books(incident, slug)
            self.put("incidents_linkdispute", id=uuid4(), dependency_id=dependency, source_name="S", target_name="T",
                     said_by_id=said_by, said_at="now", words=secret, outcome="stands", answer=secret,
                     answered_at="now")  # fmt: skip

    def technique(self, incident: UUID, slug: str, lead: str) -> None:
        """One that the lead supposes and this organisation has seen, twice: it shares one of its two words for it."""
        nth, secret = next(self.number), secret_of(slug)
        technique = self.put("incidents_incidenttechnique", id=uuid4(), incident_id=incident, technique=f"T{nth:04}",
                             attack_version="18.1", state="observed", seen_count=1, put_at="now",
                             changed_at="now")  # fmt: skip
        for by, said, shared in ((lead, "hypothesised", None), (lead, "set_aside", None), (slug, "withdrawn", None),
                                 (slug, "observed", None), (slug, "observed", "now")):  # fmt: skip
            saying = self.put("incidents_techniquesaying", id=uuid4(), incident_id=incident, subject_id=technique,
                              organisation_id=self.ids[by], said=said, words=secret_of(by), at="now",
                              about_id=self.ids[slug] if said == "set_aside" else None,
                              in_force=said == "observed")  # fmt: skip
            if said == "observed":
                self.put("incidents_techniqueevidence", saying_id=saying, incident_id=incident,
                         organisation_id=self.ids[slug], text=secret, shared_at=shared)  # fmt: skip

    def personal_data(self, incident: UUID, slug: str, other: str) -> None:
        """What it said before, what counts, a notice to another, reports that it shares with nobody, lead and all."""
        own, secret, shared = self.ids[slug], secret_of(slug), ("", "lead", "all")
        for newest in (False, True):
            self.put("incidents_dataposition", id=uuid4(), incident_id=incident, organisation_id=own, state="personal",
                     categories=["health"], people="", records="", touched=[], words=secret, said_by=uuid4(), at="now",
                     newest=newest, shared=shared[next(self.number) % 3] if newest else "all")  # fmt: skip
        self.put("incidents_datanotice", id=uuid4(), incident_id=incident, sender_id=own, addressee_id=self.ids[other],
                 about=secret, known=secret, known_since="now", reference="", sent_by=uuid4(), sent_at="now",
                 due_at="tomorrow", reminded=0)  # fmt: skip
        for share in shared:
            report = self.put("incidents_outsidereport", id=uuid4(), incident_id=incident, organisation_id=own,
                              body="ncsc", body_name="", route="", reference=secret, told_at="now", written_at="now",
                              shared=share)  # fmt: skip
            self.put("incidents_outsidereportnote", report_id=report, organisation_id=own, told_by=secret, words=secret,
                     written_by=uuid4())  # fmt: skip

    def decided(self, incident: UUID, slug: str, lead: str) -> None:
        """Decisions that it shares with nobody, lead and all, one of them revised; of the lead one for the incident."""
        own, secret, root = self.ids[slug], secret_of(slug), uuid4()
        for number, share, newest in ((1, "", True), (1, "lead", True), (1, "all", False), (2, "lead", True)):
            root = uuid4() if number == 1 else root
            self.put("incidents_logentry", id=uuid4(), root=root, number=number, incident_id=incident,
                     organisation_id=own, as_lead=slug == lead and share == "lead", known=secret, options=secret,
                     decision=secret, why=secret, dissent="", decided_by=secret, decided_role="", decided_at="now",
                     change="", written_by=uuid4(), at="now", newest=newest, shared=share)  # fmt: skip

    def stated(self, incident: UUID, slug: str, other: str) -> None:
        """A draft that names who must agree, one that was asked, and one whose newer version went out."""
        own, secret, must = self.ids[slug], secret_of(slug), [self.ids[other]]
        for status, asked, issued in (("draft", None, None), ("asked", "now", None), ("issued", "now", "now")):
            statement = self.put("incidents_statement", id=uuid4(), incident_id=incident, organisation_id=own,
                                 title=secret, audience="press", status=status, version=2, written_by=uuid4(), at="now",
                                 issued_at=issued, withdrawn_because="")  # fmt: skip
            for number in (1, 2):
                version = self.put("incidents_statementversion", id=uuid4(), statement_id=statement, number=number,
                                   incident_id=incident, organisation_id=own, text=secret, hours=4,
                                   asked=[] if asked else must, written_by=uuid4(), at="now", asked_at=asked,
                                   issued=bool(issued) and number == 2)  # fmt: skip
            if asked:
                self.put("incidents_statementask", id=uuid4(), version_id=version, statement_id=statement,
                         incident_id=incident, organisation_id=self.ids[other], author_id=own, newest=True,
                         answer="objects", reason=secret,
                         earlier=Jsonb([]), asked_at="now", due_at="tomorrow", reminded=0)  # fmt: skip

    def cut(self, incident: UUID, slug: str, everybody: list[str]) -> None:
        """One that it plans: it asks the next of those who take part, and a stranger would be concerned too."""
        own, secret = self.ids[slug], secret_of(slug)
        asked = everybody[(everybody.index(slug) + 1) % len(everybody)]
        cut = self.put("incidents_plannedcut", id=uuid4(), incident_id=incident, planner_id=own, once=uuid4(),
                       what="link", links=[], systems=[], title=secret, how=secret, ask=secret, status="decided",
                       revision=1, starts_at="now", planned_at="now", decided_at="now", decided_by_name=secret,
                       decided_for_id=own, decided_because=secret)  # fmt: skip
        for who in {slug, asked, "gravenhurst"}:
            self.put("incidents_plannedcutside", id=uuid4(), cut_id=cut, incident_id=incident, planner_id=own,
                     revision=1, organisation_id=self.ids[who], slug=who, name=who, asked=who == asked != slug,
                     systems=[], services=[secret], loses=[], runs_an_end=False, critical=False, fallback="", answer="",
                     reason="")  # fmt: skip
        self.put("incidents_plannedcutchange", id=uuid4(), cut_id=cut, revision=1, what="planned", at="now",
                 organisation_id=own, by_name=secret, words=secret, starts_at="now")  # fmt: skip

    def own_books(self, incident: UUID, slug: str) -> None:
        """A situation report that it shares and one that it keeps, and what it cost."""
        own, secret = self.ids[slug], secret_of(slug)
        for number, shared in enumerate(("", "lead"), start=1):
            self.put("incidents_situationreport", id=uuid4(), incident_id=incident, organisation_id=own, number=number,
                     at="now", written_by=uuid4(), shared=shared, major="no", exact=secret, type="", hazards="",
                     access="", number_affected="", engaged="")  # fmt: skip
        self.put("incidents_cost", id=uuid4(), incident_id=incident, organisation_id=own, once=uuid4(), on="now",
                 what=secret, grade="", pence=1, invoice="", written_by=uuid4(), at="now",
                 struck_because="")  # fmt: skip

    def services(self, incident: UUID, slug: str) -> None:
        """What it said before and what counts, each with a note that it shares."""
        own, secret = self.ids[slug], secret_of(slug)
        for newest, service, shared in ((False, "A", True), (True, "A", True), (True, "B", False)):
            status = self.put("incidents_servicestatus", id=uuid4(), incident_id=incident, organisation_id=own,
                              service=service, critical=False, state="down", since="now", said_by=uuid4(), at="now",
                              newest=newest)  # fmt: skip
            self.put("incidents_servicenote", status_id=status, incident_id=incident, organisation_id=own, text=secret,
                     shared=shared)  # fmt: skip

    def side(self, reference: str, slug: str, role: str) -> None:
        incident, org, secret = self.ids[reference], self.ids[slug], secret_of(slug)
        self.put(
            "incidents_participant", id=uuid4(), incident_id=incident, organisation_id=org, slug=slug, name=slug,
            kind="council", role=role, is_provider=role == "provider", exposure="direct", because="it is so",
            other_paths=Jsonb([]), joined_at="now", duty_name="", duty_phone="", tasks_total=0, tasks_open=0,
            tasks_waiting=0, tasks_settled=0, tasks_blocked=0, containing_open=0, told_by="", people_told=0,
            people_seen=0, not_told_because="",
        )  # fmt: skip
        self.put("incidents_guestgrant", id=uuid4(), incident_id=incident, organisation_id=org,
                 person_id=self.one("SELECT id FROM partners_person WHERE organisation_id = %s LIMIT 1", org),
                 tasks=True, updates=True, duties=True,
                 made_by=uuid4(), made_at="now", ends_at="tomorrow")  # fmt: skip
        self.put("incidents_walldisplay", id=uuid4(), incident_id=incident, organisation_id=org, label=secret,
                 made_by=uuid4(), made_at="now", expires_at="tomorrow", code_expires_at="now")  # fmt: skip
        if role == "observer":
            return
        action = self.put("incidents_ownaction", id=uuid4(), incident_id=incident, organisation_id=org, title="Shut",
                          done_at="now", about="", touches="", written_at="now")  # fmt: skip
        self.put("incidents_ownactionnote", action_id=action, organisation_id=org, stops=secret, words=secret)
        for position, status in ((1, "waiting"), (2, "acknowledged"), (3, "done")):
            step = self.ids[f"step/{position}"]
            task = self.ids[f"{reference}/{slug}/task/{position}"] = self.put(
                "incidents_task", id=uuid4(), incident_id=incident, organisation_id=org, step_id=step,
                position=position, title=f"Step {position}", containing=False, status=status, ready=True, reason="",
                version=1, changed_at="now", previous_status="", previous_reason="",
            )  # fmt: skip
            report = self.put(
                "incidents_reportedanswer", id=uuid4(), incident_id=incident, task_id=task, organisation_id=org,
                reporter_id=org, status=status, was_status="waiting", was_reason="", said_role="Duty", words="",
                written_by=uuid4(), written_by_name="Lead", at="now", version=1, settled="",
            )  # fmt: skip
            self.put("incidents_reportedvoice", report_id=report, organisation_id=org, said_by="Carol",
                     reporter_id=self.ids["ashbourne"], number="1")  # fmt: skip
            self.put("incidents_tasknote", id=uuid4(), task_id=task, organisation_id=org, text=secret,
                     answers=Jsonb({}), at="now")  # fmt: skip
            self.put("incidents_workorder", task_id=task, organisation_id=org, lease=uuid4(), lease_until="tomorrow",
                     taken_at="now", key_name=secret, result=secret if position == 2 else "",
                     outcome="done" if position == 2 else "", answered_at="now" if position == 2 else None)  # fmt: skip
            self.put("incidents_orderagain", id=uuid4(), task_id=task, organisation_id=org, nth=1, earlier_id=uuid4(),
                     because=secret, given_at="now", given_by=secret, task_version=1, outcome="failed", result=secret,
                     key_name=secret, leases=Jsonb([]), taken_at="now")  # fmt: skip
            self.put("incidents_stopconfirmation", id=uuid4(), task_id=task, organisation_id=org, words=secret,
                     at="now")  # fmt: skip
            self.put("incidents_ownreference", id=uuid4(), incident_id=incident, organisation_id=org, task_id=task,
                     text=secret)  # fmt: skip
            self.put("incidents_runanswer", id=uuid4(), incident_id=incident, task_id=task, organisation_id=org,
                     scope="", name="__asked__", kind="string", value=secret, at="now")  # fmt: skip
        self.put("incidents_ownreference", id=uuid4(), incident_id=incident, organisation_id=org, text=secret)
        duty = self.put(
            "incidents_duty", id=uuid4(), incident_id=incident, organisation_id=org, kind="ico_72h", hours=72,
            aware_at=None if slug in {"dunmere", "ashbourne"} else "now",
            decision="" if slug in {"dunmere", "ashbourne"} else secret, name=secret,
            shared={"dunmere": "lead", "gravenhurst": "all"}.get(slug, "") if reference == "INC-APART" else "",
        )  # fmt: skip
        self.put("incidents_dutyrevision", id=uuid4(), duty_id=duty, organisation_id=org, number=1, act="assess",
                 at="now", name=secret, words=secret, state="assessing", route="", reference="", delay="")  # fmt: skip
        rule = self.one("SELECT id FROM monitoring_alertrule WHERE organisation_id = %s LIMIT 1", org)
        stranger = self.one("SELECT id FROM monitoring_alertrule WHERE organisation_id <> %s ORDER BY id LIMIT 1", org)
        for its_rule, its_incident in (
            (rule, incident),
            (stranger, incident),
            (rule, None),
            (rule, self.ids["INC-LED"]),
        ):
            self.put("monitoring_alert", id=uuid4(), organisation_id=org, rule_id=its_rule, incident_id=its_incident,
                     source="s", title=secret, reference="", body=Jsonb({}), fingerprint=b"", received_at="now",
                     outcome="joined" if its_incident else "queued", reason="")  # fmt: skip
        assigned = self.event(
            "tasks.assigned", slug, audience=[slug], incident=reference, data={"organisation": slug, "told": secret}
        )
        if reference in self.ids:
            self.put(
                "notifications_ladderstep", id=uuid4(), incident_id=self.ids[reference], organisation_id=self.ids[slug],
                nth=1, round=1, rung="duty", quiet=False, begun_at="now", due_at="tomorrow", state="waiting",
                because=secret, attempts=0, claimed_by="",
            )  # fmt: skip
        for state, of in (("pending", slug), ("claimed", slug), ("pending", "fernleigh")):
            self.delivery(reference, slug, state, point_of=of, event=assigned)

    def delivery(self, reference: str, slug: str, state: str, *, point_of: str, event: UUID) -> None:
        """The last of a side's three goes to somebody else's contact point, which no code of ours would write."""
        point, person = self.owner.execute(
            "SELECT id, person_id FROM partners_contactpoint WHERE organisation_id = %s ORDER BY id LIMIT 1",
            [self.ids[point_of]],
        ).fetchone()
        pk = self.put(
            "notifications_delivery", id=uuid4(), incident_id=self.ids.get(reference), incident_reference=reference,
            exercise=False, organisation_id=self.ids[slug], event_id=event, way="email", message="opened",
            code=secret_of(slug), state=state, claimed_by="gate" if state == "claimed" else "",
            contact_point_id=point, person_id=person, idempotency_key=f"{reference}{slug}{next(self.number)}".encode(),
        )  # fmt: skip
        self.ids[f"{reference}/{slug}/delivery/{state}"] = pk
