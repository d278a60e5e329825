"""Signatures of a partnership file, and for which systems its playbooks are. Runs as the owner, like the loader."""

from __future__ import annotations

from datetime import UTC, datetime, time

from incidents.models import Playbook, PlaybookSystem, SignOff, SignOffStep, Step
from incidents.named import versions_named
from incidents.sign_offs import USUAL
from partners.loading import Loaded
from partners.models import Organisation, Person, SharedSystem
from partners.partnership_entries import PartnershipFile, SignOffEntry
from portal import clock


class Unknown(Exception):
    """The file names a playbook, a version or a step that is not kept."""


def load_sign_offs(file: PartnershipFile, done: Loaded) -> None:
    """Write what is not there yet. What people have signed, or withdrawn, since is theirs: nobody signs again for them.

    Raises:
        Unknown: see there.
    """
    for said in file.playbook_systems:
        system = SharedSystem.objects.get(slug=said.system)
        runs = system.owner_id or system.provider_id
        if runs is None:
            raise Unknown(f"Nobody runs {said.system}: nobody says which playbook is for it.")
        cacao_id = _version(said.playbook).cacao_id
        new = PlaybookSystem.objects.get_or_create(
            cacao_id=cacao_id, system=system, defaults={"set_by_id": runs, "set_at": clock.now()}
        )[1]
        (done.added if new else done.kept)["playbook systems"] += 1
    for entry in file.sign_offs:
        (done.added if _sign(entry, file) else done.kept)["sign-offs"] += 1


def _version(slug: str, version: str | None = None) -> Playbook:
    rows = versions_named(slug).defer("document")
    found = rows.first() if version is None else rows.filter(version=version).first()
    if found is None:
        raise Unknown(f"No playbook {slug} {version or ''} is kept.")
    return found


def _sign(entry: SignOffEntry, file: PartnershipFile) -> bool:
    playbook = _version(entry.playbook, entry.version)
    organisation = Organisation.objects.get(slug=entry.organisation)
    if SignOff.objects.filter(organisation=organisation, playbook=playbook).exists():
        return False
    person = Person.objects.get(organisation=organisation, name=entry.signed_by)
    until = entry.valid_until or clock.now().date() + USUAL
    made = SignOff.objects.create(
        organisation=organisation,
        playbook=playbook,
        cacao_id=playbook.cacao_id,
        signed_at=datetime.combine(entry.signed_on, time(10), tzinfo=UTC),
        signed_by=person.pk,
        valid_until=until,
        reservation=entry.reservation,
    )
    of_it = (entry.organisation, entry.playbook, entry.version)
    for said in file.sign_off_steps:
        if (said.organisation, said.playbook, said.version) != of_it:
            continue
        step = Step.objects.filter(playbook=playbook, position=said.step).first()
        if step is None:
            raise Unknown(f"{entry.playbook} {entry.version} has no step {said.step}.")
        SignOffStep.objects.create(
            sign_off=made, step=step, reservation=said.reservation, agreed_until=until if said.agreed else None
        )
    return True
