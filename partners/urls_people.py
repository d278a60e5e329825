"""Pages of an organisation's own people, their keys, and the ways in for the worst day."""

from django.urls import path

from partners import (
    sign_in_code,
    views_break_glass,
    views_emergency,
    views_keys,
    views_people,
    views_people_acts,
    views_policy,
    views_readiness,
)

PERSON = "people/<uuid:person_id>"

urlpatterns = [
    path("people/", views_people.people, name="people"),
    path("people/add/", views_people.add, name="person-add"),
    path("people/policy/", views_policy.policy, name="sign-in-policy"),
    path("people/break-glass/", views_break_glass.page, name="break-glass"),
    path("people/break-glass/drill/", views_break_glass.drill, name="break-glass-drill"),
    path(f"{PERSON}/", views_people.detail, name="person-detail"),
    path(f"{PERSON}/change/", views_people.change, name="person-change"),
    path(f"{PERSON}/switch/", views_people_acts.switch, name="person-switch"),
    path(f"{PERSON}/link/", views_people_acts.link, name="person-link"),
    path(f"{PERSON}/reset/", views_people_acts.reset, name="person-reset"),
    path(f"{PERSON}/drill/", views_break_glass.announce, name="break-glass-announce"),
    path(f"{PERSON}/sessions/<uuid:session_id>/end/", views_people_acts.end_session, name="person-session-end"),
    path("partners/keys/", views_keys.key_list, name="key-list"),
    path("partners/keys/make/", views_keys.make, name="key-make"),
    path("partners/keys/<uuid:key_id>/revoke/", views_keys.revoke, name="key-revoke"),
    path("readiness/", views_readiness.page, name="readiness"),
    path("emergency/", views_emergency.start, name="emergency"),
    path("emergency/requests/<uuid:approval_id>/", views_emergency.asked, name="emergency-request"),
    path("emergency/requests/<uuid:approval_id>/code/", views_emergency.code, name="emergency-code"),
    path("emergency/<str:slug>/", views_emergency.ask, name="emergency-ask"),
    path("sign-in/code/", sign_in_code.by_code, name="sign-in-spoken-code"),
]
