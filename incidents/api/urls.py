"""Addresses of incidents and tasks under /api/v1/."""

from django.urls import path

from incidents.api import (
    data_notices,
    data_positions,
    decision_log,
    decisions,
    duties,
    events,
    incident,
    mail,
    opening,
    outside_reports,
    planned,
    playbooks,
    sides,
    sign_offs,
    tasks,
    techniques,
    work_orders,
)

urlpatterns = [
    path("incidents/", opening.Incidents.as_view(), name="api-incidents"),
    path("incidents/<str:reference>/", incident.OneIncident.as_view(), name="api-incident"),
    path("incidents/<str:reference>/moves/", incident.Moves.as_view(), name="api-incident-moves"),
    path(
        "incidents/<str:reference>/own-reference/",
        incident.IncidentOwnReference.as_view(),
        name="api-incident-own-reference",
    ),
    path("incidents/<str:reference>/participants/", sides.Participants.as_view(), name="api-incident-participants"),
    path("incidents/<str:reference>/tasks/", sides.Tasks.as_view(), name="api-incident-tasks"),
    path("incidents/<str:reference>/duties/", duties.Duties.as_view(), name="api-incident-duties"),
    path(
        "incidents/<str:reference>/duties/<uuid:duty_id>/sayings/",
        duties.DutySayings.as_view(),
        name="api-duty-sayings",
    ),
    path("incidents/<str:reference>/updates/", sides.Updates.as_view(), name="api-incident-updates"),
    path("incidents/<str:reference>/sign-offs/", sign_offs.IncidentSignOffs.as_view(), name="api-incident-sign-offs"),
    path(
        "incidents/<str:reference>/techniques/", techniques.IncidentTechniques.as_view(), name="api-incident-techniques"
    ),
    path(
        "incidents/<str:reference>/data-positions/",
        data_positions.DataPositions.as_view(),
        name="api-incident-data-positions",
    ),
    path(
        "incidents/<str:reference>/data-notices/", data_notices.DataNotices.as_view(), name="api-incident-data-notices"
    ),
    path(
        "data-notices/<uuid:notice_id>/acknowledge/",
        data_notices.AcknowledgeNotice.as_view(),
        name="api-data-notice-acknowledge",
    ),
    path(
        "incidents/<str:reference>/outside-reports/",
        outside_reports.OutsideReports.as_view(),
        name="api-incident-outside-reports",
    ),
    path("incidents/<str:reference>/decision-log/", decision_log.DecisionLog.as_view(), name="api-decision-log"),
    path("decision-log/<uuid:entry_id>/share/", decision_log.DecisionShare.as_view(), name="api-decision-share"),
    path("incidents/<str:reference>/known/", decision_log.KnownCards.as_view(), name="api-incident-known"),
    path("incidents/<str:reference>/mail-distrust/", mail.IncidentMailMarks.as_view(), name="api-incident-mail-marks"),
    path("incidents/<str:reference>/systems/", sides.Systems.as_view(), name="api-incident-systems"),
    path("incidents/<str:reference>/events/", events.IncidentEvents.as_view(), name="api-incident-events"),
    path("incidents/<str:reference>/decisions/", decisions.Decisions.as_view(), name="api-incident-decisions"),
    path("decisions/<uuid:decision_id>/choose/", decisions.Choose.as_view(), name="api-decision-choose"),
    path("planned-work/<str:reference>/", planned.OnePlannedWork.as_view(), name="api-planned-work"),
    path("planned-work/<str:reference>/answers/", planned.PlannedAnswers.as_view(), name="api-planned-answers"),
    path("planned-work/<str:reference>/moves/", planned.PlannedMoves.as_view(), name="api-planned-moves"),
    path("tasks/<uuid:task_id>/", tasks.OneTask.as_view(), name="api-task"),
    path("tasks/<uuid:task_id>/own-reference/", incident.TaskOwnReference.as_view(), name="api-task-own-reference"),
    path("tasks/<uuid:task_id>/acknowledge/", tasks.Acknowledge.as_view(), name="api-task-acknowledge"),
    path("tasks/<uuid:task_id>/start/", tasks.Start.as_view(), name="api-task-start"),
    path("tasks/<uuid:task_id>/complete/", tasks.Complete.as_view(), name="api-task-complete"),
    path("tasks/<uuid:task_id>/block/", tasks.Block.as_view(), name="api-task-block"),
    path("tasks/<uuid:task_id>/decline/", tasks.Decline.as_view(), name="api-task-decline"),
    path("tasks/<uuid:task_id>/undo/", tasks.Undo.as_view(), name="api-task-undo"),
    path("tasks/<uuid:task_id>/verify/", tasks.Verify.as_view(), name="api-task-verify"),
    path("tasks/<uuid:task_id>/cancel/", tasks.Cancel.as_view(), name="api-task-cancel"),
    path("tasks/<uuid:task_id>/exempt/", tasks.Exempt.as_view(), name="api-task-exempt"),
    path("work-orders/", work_orders.WorkOrders.as_view(), name="api-work-orders"),
    path("work-orders/keys/", work_orders.WorkOrderKeys.as_view(), name="api-work-order-keys"),
    path("work-orders/<uuid:order_id>/", work_orders.OneWorkOrder.as_view(), name="api-work-order"),
    path("work-orders/<uuid:order_id>/take/", work_orders.TakeWorkOrder.as_view(), name="api-work-order-take"),
    path("work-orders/<uuid:order_id>/answer/", work_orders.AnswerWorkOrder.as_view(), name="api-work-order-answer"),
    path("playbooks/", playbooks.Playbooks.as_view(), name="api-playbooks"),
    path("playbooks/<str:slug>/", playbooks.OnePlaybook.as_view(), name="api-playbook"),
    path("playbooks/<str:slug>/document/", playbooks.PlaybookDocument.as_view(), name="api-playbook-document"),
    path("playbooks/<str:slug>/difference/", sign_offs.Compare.as_view(), name="api-playbook-difference"),
    path("playbooks/<str:slug>/sign-offs/", sign_offs.SignOffs.as_view(), name="api-playbook-sign-offs"),
    path(
        "playbooks/<str:slug>/sign-offs/withdrawals/", sign_offs.Withdrawals.as_view(), name="api-playbook-withdrawals"
    ),
    path("events/", events.Stream.as_view(), name="api-events"),
]
