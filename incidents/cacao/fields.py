"""Names that CACAO 2.0 defines (OASIS CACAO Security Playbooks 2.0, CS01, 27 November 2023; sections in comments)."""

from __future__ import annotations

from incidents.cacao.notes import Texts

PLAYBOOK: dict[str, type] = {  # section 3.1
    **dict.fromkeys(
        ("type", "spec_version", "id", "name", "description", "created_by", "created", "modified", "valid_from"), str
    ),
    **dict.fromkeys(("valid_until", "workflow_start", "workflow_exception"), str),
    **dict.fromkeys(("playbook_types", "playbook_activities", "derived_from", "related_to", "industry_sectors"), Texts),
    **dict.fromkeys(("labels", "markings"), Texts),
    **dict.fromkeys(("external_references", "signatures"), list),
    **dict.fromkeys(("priority", "severity", "impact"), int),
    **dict.fromkeys(("playbook_processing_summary", "playbook_variables", "workflow", "playbook_extensions"), dict),
    **dict.fromkeys(("authentication_info_definitions", "agent_definitions", "target_definitions"), dict),
    **dict.fromkeys(("extension_definitions", "data_marking_definitions"), dict),
    "revoked": bool,
}
PLAYBOOK_REQUIRED = (
    "type",
    "spec_version",
    "id",
    "name",
    "created_by",
    "created",
    "modified",
    "workflow_start",
    "workflow",
)
DEFINITIONS = (
    "authentication_info_definitions",
    "agent_definitions",
    "target_definitions",
    "extension_definitions",
    "data_marking_definitions",
)

STEP: dict[str, type] = {  # section 4.1
    **dict.fromkeys(("type", "name", "description", "owner", "on_completion", "on_success", "on_failure"), str),
    "external_references": list,
    "delay": int,
    "timeout": int,
    "step_variables": dict,
    "step_extensions": dict,
}
STEP_OWN: dict[str, dict[str, type]] = {  # sections 4.3 to 4.10
    "start": {},
    "end": {},
    "action": {"commands": list, "agent": str, "targets": Texts, "in_args": Texts, "out_args": Texts},
    "playbook-action": {"playbook_id": str, "playbook_version": str, "in_args": Texts, "out_args": Texts},
    "parallel": {"next_steps": Texts},
    "if-condition": {"condition": str, "on_true": str, "on_false": str},
    "while-condition": {"condition": str, "on_true": str},
    "switch-condition": {"switch": str, "cases": dict},
}
STEP_REQUIRED = {
    "action": ("commands", "agent"),
    "playbook-action": ("playbook_id",),
    "parallel": ("next_steps",),
    "if-condition": ("condition", "on_true"),
    "while-condition": ("condition", "on_true"),
    "switch-condition": ("switch", "cases"),
}
NOT_RUNNABLE_YET = {
    "playbook-action": "runs another playbook",
    "if-condition": "depends on a condition",
    "while-condition": "repeats while a condition holds",
    "switch-condition": "chooses between cases",
}

COMMAND: dict[str, type] = {  # section 5.1
    **dict.fromkeys(("type", "description", "version", "playbook_activity"), str),
    "external_references": list,
}
TEXT: dict[str, type] = {"command": str, "command_b64": str}
CONTENT: dict[str, type] = {"headers": dict, "content": str, "content_b64": str}
COMMAND_OWN: dict[str, dict[str, type]] = {
    **dict.fromkeys(("manual", "bash", "ssh", "powershell", "caldera-cmd"), TEXT),
    **dict.fromkeys(("elastic", "jupyter", "kestrel", "sigma", "yara"), TEXT),
    "http-api": {**TEXT, **CONTENT},
    "openc2-http": {**TEXT, **CONTENT},
}
COMMAND_REQUIRED = {
    "http-api": ("command",),
    "openc2-http": ("command", "content_b64"),
    **dict.fromkeys(("elastic", "jupyter", "kestrel", "sigma", "yara"), ("command_b64",)),
}

AGENT_TYPES = frozenset(  # section 7.2
    [
        "group",
        "individual",
        "location",
        "organization",
        "sector",
        "http-api",
        "linux",
        "net-address",
        "security-category",
        "ssh",
    ]
)
PLAYBOOK_TYPES = frozenset(  # section 3.1.1
    ["attack", "detection", "engagement", "investigation", "mitigation", "notification", "prevention", "remediation"]
)
SECRETS = ("password", "token", "oauth_header")  # section 6: literal values of these are refused
