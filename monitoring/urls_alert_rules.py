"""Pages of the rules for alerts."""

from django.urls import path

from monitoring.alert_rules import views

urlpatterns = [
    path("alerts/rules/", views.rule_list, name="alert-rules"),
    path("alerts/rules/new/", views.rule_new, name="alert-rule-new"),
    path("alerts/rules/<uuid:rule_id>/", views.rule_detail, name="alert-rule"),
]
