"""Pages of alerts."""

from django.urls import path

from monitoring import views

urlpatterns = [
    path("alerts/", views.alert_list, name="alert-list"),
]
