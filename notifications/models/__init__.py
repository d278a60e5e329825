from notifications.models.answer import Answer
from notifications.models.call import CallAttempt
from notifications.models.contact_test import ContactTest, ContactTestAsk
from notifications.models.delivery import Delivery
from notifications.models.ladder import LadderStep
from notifications.models.planning import Planning
from notifications.models.receipt import Receipt
from notifications.models.way_out import WayOut
from notifications.models.webhook import Webhook, WebhookDelivery, WebhookSecret
from notifications.models.wording import Wording

__all__ = [
    "Answer",
    "CallAttempt",
    "ContactTest",
    "ContactTestAsk",
    "Delivery",
    "LadderStep",
    "Planning",
    "Receipt",
    "WayOut",
    "Webhook",
    "WebhookDelivery",
    "WebhookSecret",
    "Wording",
]
