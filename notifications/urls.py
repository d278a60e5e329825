"""Pages of deliveries."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("deliveries/", views.delivery_list, name="delivery-list"),
    path("incidents/<str:reference>/deliveries/", views.incident_deliveries, name="incident-deliveries"),
]
