"""Pages of incidents and tasks."""

from django.urls import path

from incidents.views import boards, displays, handing_over, isolating, leading, lifting, playbooks, tasks
from incidents.views.start import start

urlpatterns = [
    path("", start, name="start"),
    path("incidents/", boards.incident_list, name="incident-list"),
    path("incidents/open/", leading.open_form, name="incident-open"),
    path("incidents/<str:reference>/", boards.board, name="incident-board"),
    path("incidents/<str:reference>/board/", boards.board_fragment, name="incident-board-fragment"),
    path("incidents/<str:reference>/how-far/", boards.radius, name="incident-radius"),
    path("incidents/<str:reference>/organisations/<str:slug>/", boards.participant, name="incident-participant"),
    path("incidents/<str:reference>/declare/", leading.declare_form, name="incident-declare"),
    path("incidents/<str:reference>/widen/", leading.widen, name="incident-widen"),
    path("incidents/<str:reference>/update/", leading.update, name="incident-update"),
    path("incidents/<str:reference>/close/", leading.close, name="incident-close"),
    path("incidents/<str:reference>/displays/", displays.displays, name="incident-displays"),
    path("incidents/<str:reference>/displays/<uuid:display_id>/end/", displays.revoke, name="incident-display-revoke"),
    path("display/", displays.pair, name="display-pair"),
    path("display/wall/", displays.wall, name="display-wall"),
    path("display/wall/rows/", displays.wall_fragment, name="display-wall-fragment"),
    path("incidents/<str:reference>/hand-over/", handing_over.hand_over, name="incident-hand-over"),
    path(
        "incidents/<str:reference>/hand-over/<uuid:handover_id>/",
        handing_over.answer,
        name="incident-hand-over-answer",
    ),
    path("incidents/<str:reference>/isolate/<str:slug>/", isolating.isolate, name="incident-isolate"),
    path("isolation/", isolating.own, name="isolation-own"),
    path("isolation/steps/<int:step>/", isolating.press, name="isolation-press"),
    path("isolation/<uuid:isolation_id>/", isolating.detail, name="isolation-detail"),
    path("isolation/<uuid:isolation_id>/undo/", isolating.undo, name="isolation-undo"),
    path("isolation/<uuid:isolation_id>/lift/", lifting.lift, name="isolation-lift"),
    path("isolation/<uuid:isolation_id>/call-back/", lifting.call_back, name="isolation-call-back"),
    path("playbooks/", playbooks.playbook_list, name="playbook-list"),
    path("playbooks/<uuid:playbook_id>/", playbooks.playbook_detail, name="playbook-detail"),
    path("playbooks/<uuid:playbook_id>/document/", playbooks.playbook_document, name="playbook-document"),
    path("my-tasks/", tasks.my_tasks, name="my-tasks"),
    path("my-tasks/list/", tasks.my_tasks_fragment, name="my-tasks-fragment"),
    path("tasks/<uuid:task_id>/", tasks.task_detail, name="task-detail"),
    path("tasks/<uuid:task_id>/acknowledge/", tasks.acknowledge, name="task-acknowledge"),
    path("tasks/<uuid:task_id>/start/", tasks.start, name="task-start"),
    path("tasks/<uuid:task_id>/complete/", tasks.complete, name="task-complete"),
    path("tasks/<uuid:task_id>/block/", tasks.block, name="task-block"),
    path("tasks/<uuid:task_id>/decline/", tasks.decline, name="task-decline"),
    path("tasks/<uuid:task_id>/undo/", tasks.undo, name="task-undo"),
    path("tasks/<uuid:task_id>/verify/", tasks.verify, name="task-verify"),
    path("tasks/<uuid:task_id>/cancel/", tasks.cancel, name="task-cancel"),
]
