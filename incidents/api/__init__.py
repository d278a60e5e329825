"""The API of incidents and tasks. Row security decides what is there; the code decides how it is said."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpResponse

from incidents.cacao.reading import PlaybookRefused
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.own_actions.writing import IsYourTask
from portal.api.problems import answer_to, problem


def _invalid(error: Invalid) -> HttpResponse:
    return problem(422, errors=[asdict(fault) for fault in error.faults])


def _refused(error: PlaybookRefused) -> HttpResponse:
    return problem(422, "The playbook was not taken.", errors=[asdict(each) for each in error.problems[:200]])


def _is_your_task(error: IsYourTask) -> HttpResponse:
    return problem(409, str(error), errors=[{"pointer": "/apart", "detail": "It reads like one of your open tasks."}])


answer_to(Invalid, _invalid)
answer_to(IsYourTask, _is_your_task)
answer_to(PlaybookRefused, _refused)
answer_to(WrongMoment, lambda error: problem(409, str(error)))
answer_to(NotYours, lambda error: problem(403, str(error)))
