from monitoring.models.alerts import Alert, AlertRule

__all__ = ["Alert", "AlertRule"]
