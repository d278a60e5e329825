"""An organisation writes its own rules for alerts, and tries them before they count."""
