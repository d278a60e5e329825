"""A worker that is killed between a notice's event and its message: it is told once, and nobody is called unreached."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from incidents.models import DataNotice
from incidents.personal_data.notices import Notice, send_notice
from notifications import planning
from notifications.planning import plan_due
from portal import failpoints
from portal.mail_sink import Mailbox
from tests.incidents.test_data_notices import ABOUT, KNOWN, SINCE
from tests.notifications.stage import Stage
from tests.notifications.test_failpoints import in_a_child

pytestmark = pytest.mark.django_db(transaction=True)


def test_killed_while_it_is_planned_a_notice_is_told_once(
    stage: Stage, mail: Mailbox, inside, settings, monkeypatch, tmp_path: Path
):
    incident = stage.opens()
    stage.works()
    settings.FAILPOINT, settings.FAILPOINT_MARK = "in planning", str(tmp_path / "hit")
    monkeypatch.setattr(planning, "reach", failpoints._die_once)
    with inside("eastwick"):
        sent = send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE))
    assert os.WIFSIGNALED(in_a_child(plan_due))
    assert Path(settings.FAILPOINT_MARK).exists(), "the point was reached"
    about = "SELECT count(*) FROM notifications_delivery WHERE message = 'data_notice' AND state <> 'skipped'"
    assert stage.owner(about) == [(0,)]
    stage.works()
    taken = [tuple(each["to"]) for each in mail.messages() if "a notice waits for you" in each["subject"]]
    assert taken, "it is not lost"
    assert len(taken) == len(set(taken)), "and nobody has it twice"
    assert not [each for each in taken if not each[0].endswith(("dunmere.example", "dunmere-duty.example"))]
    assert stage.events("data_notice.unreached") == []
    with inside("gravenhurst"):
        assert not DataNotice.objects.filter(pk=sent.pk).exists()
