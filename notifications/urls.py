"""Pages of deliveries."""

from django.urls import path

from notifications import (
    views,
    views_again,
    views_answers,
    views_calls,
    views_hooks,
    views_ladder,
    views_receipts,
    views_tests,
    views_verify,
    views_wording,
)

urlpatterns = [
    path("partners/webhooks/", views_hooks.hook_list, name="webhook-list"),
    path("partners/webhooks/make/", views_hooks.make, name="webhook-make"),
    path("partners/webhooks/<uuid:hook_id>/", views_hooks.detail, name="webhook-detail"),
    path("partners/webhooks/<uuid:hook_id>/change/", views_hooks.change, name="webhook-change"),
    path("partners/webhooks/<uuid:hook_id>/act/", views_hooks.act, name="webhook-act"),
    path("partners/wording/", views_wording.wording_list, name="wording-list"),
    path("partners/wording/<slug:message>/<slug:band>/", views_wording.change, name="wording-change"),
    path("partners/contacts/tests/", views_tests.tests, name="contact-tests"),
    path("partners/contacts/tests/<uuid:ask_id>/answer/", views_tests.answer, name="contact-test-answer"),
    path("partners/contacts/<uuid:contact_id>/test/", views_tests.test_now, name="contact-test-now"),
    path("test/<str:token>/", views_tests.by_link, name="contact-answer"),
    path("answer/<str:token>/", views_answers.by_link, name="message-answer"),
    path("transports/notify/replies/", views_answers.by_text, name="notify-replies"),
    path("transports/notify/receipts/", views_receipts.notify, name="notify-receipts"),
    path("verify/", views_verify.verify, name="verify"),
    path("calls/", views_calls.call_list, name="call-list"),
    path("calls/<uuid:call_id>/", views_calls.item, name="call-item"),
    path("calls/<uuid:call_id>/claim/", views_calls.claim, name="call-claim"),
    path("calls/<uuid:call_id>/number/", views_calls.number, name="call-number"),
    path("calls/<uuid:call_id>/outcome/", views_calls.settle, name="call-settle"),
    path("incidents/<str:reference>/calls/", views_calls.incident_calls, name="incident-calls"),
    path("incidents/<str:reference>/calls/<slug:slug>/", views_calls.organisation, name="call-organisation"),
    path("deliveries/<uuid:delivery_id>/again/", views_again.send_again, name="delivery-again"),
    path("deliveries/", views.delivery_list, name="delivery-list"),
    path("incidents/<str:reference>/pass-on/", views_ladder.pass_on, name="incident-pass-on"),
    path("incidents/<str:reference>/deliveries/", views.incident_deliveries, name="incident-deliveries"),
]
