"""Every state of every page: its address, who looks, and what must be there to read. The browser pass walks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.page_acts import (
    a_step_of_a_copy,
    answer,
    ask_for_keys,
    ask_of_a_made_up_code,
    aware_years_ago,
    begin_a_playbook,
    do_a_task,
    do_something,
    half_quiet,
    keep_a_file,
    keep_a_view,
    keep_nothing,
    leave_untold_without_a_reason,
    look_at_everybodys,
    name_a_campaign,
    name_somebody,
    name_the_platform,
    no_channel,
    object,
    open_the_composer,
    open_the_finding,
    open_without_a_title,
    paste_half_a_playbook,
    press,
    press_in_form,
    preview_update,
    preview_words,
    preview_work,
    ring,
    ring_without_an_outcome,
    sign_for_ever,
    timeless,
    try_a_rule,
    unfold,
    was_told,
    word_a_link,
)

Stage = dict[str, str]  # what `tests/browser/stage.py` has arranged: references, ids, addresses
NOBODY = ""
ADMINISTRATOR = "Oliver Tate"  # of Brackenfield, which has a provider of its own
LEAD, RESPONDER, OBSERVER = "Priya Nair", "Tom Whitlock", "Denise Abbot"
OFFICER = "Samuel Osei"  # Ashbourne's data protection officer
SIGNER = "Alan Birtles"  # of Dunmere, which signed an older version of the playbook
PARTNER, PROVIDER, STRANGER = "Ben Ashcroft", "Dana Kowalski", "Callum Reid"


@dataclass(frozen=True)
class State:
    """One state of one page. `address` is filled in from the stage; `act` is what a person does there first."""

    name: str
    who: str
    address: str
    sees: str
    status: int = 200
    act: Callable[[Any], None] | None = None
    scrolls: bool = False  # holds the matrix, the one thing that may scroll sideways

    def path(self, stage: Stage) -> str:
        return self.address.format(**stage)


SIGNED_OUT = [
    State("start-signed-out", NOBODY, "/", "shut the bulkheads together"),
    State("sign-in", NOBODY, "/sign-in/", "Sign in with a passkey"),
    State("sign-in-wrong", NOBODY, "/sign-in/?organisation=nowhere", "No organisation here has that name"),
    State("sign-in-organisation", NOBODY, "/sign-in/ashbourne/", "A password alone never signs in"),
    State("sign-in-password-wrong", NOBODY, "/sign-in/ashbourne/", "Type your address", act=press_in_form),
    State("sign-in-recovery-wrong", NOBODY, "/sign-in/ashbourne/recovery/", "We do not say", act=press_in_form),
    State("accessibility", NOBODY, "/accessibility/", "partially compliant"),
    State("verify", NOBODY, "/verify/", "Type its code"),
    State("answer-link", NOBODY, "{answer}", "I have this"),
    State("answer-link-wrong", NOBODY, "{answer}", "Choose one of the four", act=press_in_form),
    State("answer-link-gone", NOBODY, "/answer/used/", "used up or too old", status=404),
    State("verify-no", NOBODY, "/verify/", "We know of no message", act=ask_of_a_made_up_code),
    State("sign-in-link", NOBODY, "{link}", "Sign in as Zofia Nowak?"),
    State("sign-in-link-gone", NOBODY, "/sign-in/link/never-made/", "no longer works", 404),
    State("provider-refused", NOBODY, "/oidc/brackenfield/callback?code=x&state=x", "You are not signed in", 403),
    State("not-found-signed-out", NOBODY, "/nowhere/", "Nothing here that you may see", 404),
    State("bad-request", NOBODY, "/?x=%00", "not allowed", 400),
    State("api-docs-signed-out", NOBODY, "/api/v1/docs/", "Open an incident"),
]

WATCHING = [
    State("board", LEAD, "/incidents/{main}/", "Suspend trust", scrolls=True),
    State("board-keys", LEAD, "/incidents/{main}/", "Apply the new order", act=ask_for_keys, scrolls=True),
    State("board-fresh", LEAD, "/incidents/{fresh}/", "Call now", scrolls=True),
    State("board-suspected", LEAD, "/incidents/{suspected}/", "SUSPECTED", scrolls=True),
    State("exercises", LEAD, "/exercises/", "Run one now"),
    State("exercises-wrong", LEAD, "/exercises/", "how many minutes", act=timeless),
    State("exercise-aside", LEAD, "/incidents/{exercise}/put-aside/", "Nobody reads who"),
    State("exercise-score", LEAD, "/incidents/{practised}/score/", "Who took part"),
    State("exercise-score-partner", PARTNER, "/incidents/{practised}/score/", "You alone read your column"),
    State("board-exercise", LEAD, "/incidents/{exercise}/", "EXERCISE", scrolls=True),
    State("board-closed", LEAD, "/incidents/{closed}/", "Closed", scrolls=True),
    State("board-provider", PROVIDER, "/incidents/{main}/", "Call now", scrolls=True),
    State("board-partner", PARTNER, "/incidents/{main}/", "What you must do now", scrolls=True),
    State("radius", LEAD, "/incidents/{main}/how-far/", "Fernleigh"),
    State("link-named-wrong", LEAD, "/incidents/{main}/how-far/", "Write where", act=press("Name this link")),
    State("participant", LEAD, "/incidents/{main}/organisations/fernleigh/", "Archive of 2006"),
    State("participant-own", PARTNER, "/incidents/{main}/organisations/dunmere/", "Finance ledger"),
    State("incident-deliveries", LEAD, "/incidents/{main}/deliveries/", "Dunmere"),
]

REACH = [  # the radius of a partnership of 200 systems
    State("radius-200", LEAD, "/incidents/{wide}/how-far/", "58 organisations"),
    State("radius-200-open", LEAD, "/incidents/{wide}/how-far/?open=by-harbour-hosting", "Fold again: Harbour Hosting"),
    State(
        "radius-200-one", LEAD, "/incidents/{wide}/how-far/?focus=organisation:alderham", "Only the paths of Alderham"
    ),
]

LEADING = [
    State("start", LEAD, "/", "Open incidents"),
    State("incidents", LEAD, "/incidents/", "Stood down in time"),
    State("incidents-suspected", LEAD, "/incidents/?state=suspected", "Odd sign-ins at night"),
    State("incidents-state-empty", LEAD, "/incidents/?state=eradicated", "is in this state"),
    State("brief", LEAD, "/incidents/{main}/brief/", "Read it aloud"),
    State("more", LEAD, "/incidents/{main}/more/", "Who has told whom"),
    State("open", LEAD, "/incidents/open/", "1. What is attacked?"),
    State("open-preview", LEAD, "/incidents/open/", "Fernleigh", act=name_the_platform),
    State("open-wrong", LEAD, "/incidents/open/", "Say in a few words what happened.", act=open_without_a_title),
    State("declare", LEAD, "/incidents/{suspected}/declare/", "Declare"),
    State("widen", LEAD, "/incidents/{main}/widen/", "Add"),
    State(
        "widen-wrong",
        LEAD,
        "/incidents/{main}/widen/",
        "Choose at least one system",
        act=press("Add and walk again"),
    ),
    State("update", LEAD, "/incidents/{main}/update/", "update"),
    State("update-wrong", LEAD, "/incidents/{main}/update/", "Write what", act=press("Send update")),
    State("hand-over", LEAD, "/incidents/{main}/hand-over/", "agreed succession"),
    State("hand-over-wrong", LEAD, "/incidents/{main}/hand-over/", "Say why", act=press("Offer the lead")),
    State("mail-in-incident", LEAD, "/incidents/{main}/mail/", "No mail of a participant is marked"),
    State("mail-ask", LEAD, "/incidents/{main}/mail/ask/?about=eastwick.example", "When the second person approves"),
    State("mail-ask-wrong", LEAD, "/incidents/{main}/mail/ask/", "Say why", act=press("Ask for approval")),
    State("close", LEAD, "/incidents/{main}/close/", "Stand"),
    State("close-wrong", LEAD, "/incidents/{main}/close/", "Say how it ended", act=press("Close and tell everybody")),
    State("sign-out", LEAD, "/sign-out/", "Sign out"),
]

ANSWERING = [
    State("my-tasks", PARTNER, "/my-tasks/", "What stops for you"),
    State("my-tasks-kept", PARTNER, "/my-tasks/kept/", "not live"),
    State("my-tasks-kept-empty", STRANGER, "/my-tasks/kept/", "Nothing for you to do when this was kept"),
    State("brief-partner", PARTNER, "/incidents/{main}/brief/", "Nothing has been reported at Dunmere"),
    State("asked-answer", PARTNER, "/updates/asked/{asked}/", "How do things stand?"),
    State("heads-up", STRANGER, "/heads-up/", "TLP:GREEN"),
    State("my-tasks-receipt", PARTNER, "/my-tasks/", "can see it", act=answer),
    State("my-tasks-lead", LEAD, "/my-tasks/", "Who usually does it"),
    State("my-tasks-empty", STRANGER, "/my-tasks/", "Nothing for you to do just now"),
    State("task", PARTNER, "/tasks/{dunmere_first}/", "Answer for Dunmere"),
    State("task-reason", PARTNER, "/tasks/{dunmere_second}/", "What blocks it?", act=unfold("Blocked")),
    State("task-to-check", LEAD, "/tasks/{done}/", "Checked: it is done"),
    State("task-blocked", LEAD, "/tasks/{blocked}/", "Blocked"),
    State("task-tool", PARTNER, "/tasks/{tool_task}/", "Your own tool"),
    State("task-closed", LEAD, "/tasks/{closed_task}/", "So far"),
    State("start-stranger", STRANGER, "/", "No incident is open"),
    State("incidents-empty", STRANGER, "/incidents/", "No incident is open"),
    State("calls-empty", STRANGER, "/calls/", "No incident is open"),
    State("ways-out", STRANGER, "/deliveries/ways-out/", "Not watched"),
    State("deliveries-empty", STRANGER, "/deliveries/", "No incident has told anybody"),
    State("board-hidden", STRANGER, "/incidents/{main}/", "Nothing here that you may see", 404),
    State("forbidden", OBSERVER, "/incidents/open/", "Your role does not allow this", 403),
]

REGISTER = [
    State("organisations", LEAD, "/partners/", "Brackenfield"),
    State("organisation-own", LEAD, "/partners/organisations/ashbourne/", "Tom Whitlock"),
    State("organisation", LEAD, "/partners/organisations/fernleigh/", "left in 2017"),
    State("contacts", LEAD, "/partners/contacts/", "nothing shared"),
    State("mail", LEAD, "/partners/mail/", "unless it is renewed"),
    State("contact-judge-wrong", LEAD, "/partners/contacts/{contact}/", "Say why", act=press("Keep this judgement")),
    State("my-ways", LEAD, "/partners/contacts/mine/", "No wish changes that"),
    State("my-wishes-wrong", ADMINISTRATOR, "/partners/contacts/mine/wishes/", "Write both times", act=half_quiet),
    State("push-on", ADMINISTRATOR, "/partners/contacts/mine/browser/", "Tapping it opens My tasks"),
    State("channel-wrong", ADMINISTRATOR, "/partners/contacts/add/", "This is no address of Slack", act=no_channel),
    State("duty", LEAD, "/partners/duty/", "Told alongside"),
    State("duty-catalogue", "Martin Keel", "/partners/duties/", "Not law"),
    State("ladder", LEAD, "/partners/ladder/", "Who is called when nobody answers"),
    State("ladder-read", OBSERVER, "/partners/ladder/", "left out"),
    State("duty-contractor", "Martin Keel", "/partners/duty/", "Nightline call handling"),
    State("contact-tests", PARTNER, "/partners/contacts/tests/", "Do your contacts work?"),
    State("own-words", LEAD, "/partners/wording/", "Messages in our own words"),
    State(
        "own-words-preview",
        ADMINISTRATOR,
        "/partners/wording/stood_down/any/",
        "What would go out",
        act=preview_words,
    ),
    State("own-words-wrong", ADMINISTRATOR, "/partners/wording/opened/any/", "No link", act=word_a_link),
    State("update-preview", LEAD, "/incidents/{main}/update/", "What each will see", act=preview_update),
    State("contact-papers", LEAD, "/partners/contacts/papers/", "Wallet card"),
    State("contact-link-gone", NOBODY, "/test/never-made/", "used up or too old", 404),
    State("keys", LEAD, "/partners/keys/", "bh_"),
    State("work", LEAD, "/work/", "Only your organisation sees this page"),
    State("links", LEAD, "/partners/links/", "group NG-ADM"),
    State("link", LEAD, "/partners/links/{dependency}/", "Barrier"),
    State("systems", LEAD, "/systems/", "Identity platform"),
    State("concentration", LEAD, "/concentration/", "What hangs on what"),
    State("concentration-provider", PROVIDER, "/concentration/", "What hangs on what"),
    State("what-if", LEAD, "/systems/identity-platform/how-far/", "nobody is told"),
    State("what-if-none", LEAD, "/systems/identity-platform/how-far/?focus=system:nothing", "has that name"),
    State("system", LEAD, "/systems/identity-platform/", "Where an intruder could go"),
    State("system-provider", PROVIDER, "/systems/identity-platform/", "Coldharbour"),
    State("system-standing", LEAD, "/systems/identity-platform/standing/", "Services that you base on it"),
    State("system-parts", PROVIDER, "/systems/identity-platform/parts/", "Another component"),
    State(
        "system-organisations",
        PROVIDER,
        "/systems/identity-platform/organisations/",
        "Choose an organisation",
        act=press("Add it"),
    ),
    State("system-change", PROVIDER, "/systems/identity-platform/change/", "Back in use within how many hours"),
    State("link-add-wrong", PROVIDER, "/systems/identity-platform/links/", "Choose the", act=press("Add the link")),
    State("register-import", LEAD, "/register/import/", "Files so far"),
]

PLAYBOOKS = [
    State("playbooks", LEAD, "/playbooks/", "Shared platform containment"),
    State("playbook", LEAD, "/playbooks/{playbook}/", "Suspend the directory trust"),
    State("playbook-import", LEAD, "/playbooks/import/", "Check and keep it"),
    State("playbook-import-wrong", LEAD, "/playbooks/import/", "is required", act=paste_half_a_playbook),
    State("signing-keys-none", STRANGER, "/playbooks/keys/", "key is on the list"),
    State("signing-keys", ADMINISTRATOR, "/playbooks/keys/", "Harbour Standards Body"),
    State("key-trust-wrong", LEAD, "/playbooks/keys/trust/", "Choose whose key it is", act=press("Trust this key")),
    State("draft-unnamed", LEAD, "/playbooks/drafts/new/", "Give it a name", act=press_in_form),
    State("draft-empty", LEAD, "/playbooks/drafts/new/", "There is no step yet", act=begin_a_playbook),
    State("draft-full", LEAD, "/playbooks/{playbook}/", "Only your organisation", act=press("Copy and edit")),
    State("draft-step", LEAD, "/playbooks/{playbook}/", "three in the morning", act=a_step_of_a_copy),
    State("techniques", STRANGER, "/techniques/?q=T1210", "Exploitation of Remote Services"),
    State("playbook-stranger", STRANGER, "/playbooks/{playbook}/", "You see who else has signed once"),
    State("playbook-difference", LEAD, "/playbooks/{playbook}/difference/", "Added: step 12"),
    State("playbook-sign", SIGNER, "/playbooks/{playbook}/sign-off/", "What is different from what you signed"),
    State("playbook-sign-wrong", SIGNER, "/playbooks/{playbook}/sign-off/", "within 24 months", act=sign_for_ever),
    State("playbook-withdraw", LEAD, "/playbooks/{playbook}/sign-off/withdraw/", "Withdraw your signature?"),
    State("system-gap", PROVIDER, "/systems/identity-platform/", "Has not signed: Brackenfield"),
    State("system-retired", PROVIDER, "/systems/archive-2006/", "no playbook has to be for it"),
]

TELLING = [
    State("deliveries", LEAD, "/deliveries/", "Ashbourne"),
    State("asked", LEAD, "/updates/asked/{asked}/", "Not answered yet"),
    State("unchecked", LEAD, "/incidents/{exercise}/unchecked/", "Nobody checks for their own organisation"),
    State("unchecked-none", LEAD, "/incidents/{fresh}/unchecked/", "Nothing waits for your check"),
    State("asked-lead", LEAD, "/incidents/{main}/organisations/dunmere/", "How do things stand?"),
    State("heads-up-send", LEAD, "/incidents/{main}/heads-up/", "Tell members outside"),
    State("heads-up-wrong", LEAD, "/incidents/{main}/heads-up/", "take out", act=name_somebody),
    State("incident-deliveries", LEAD, "/incidents/{main}/deliveries/", "accepted after"),
    State("pass-on", LEAD, "/incidents/{main}/pass-on/", "Pass on"),
    State("call-ask", LEAD, "/incidents/{main}/calls/brackenfield/", "Put them on the call list"),
    State("call-held", LEAD, "/incidents/{main}/calls/northgate/", "To a voicemail", act=ring),
    State(
        "call-wrong",
        LEAD,
        "/incidents/{main}/calls/northgate/",
        "Choose what came of the call",
        act=ring_without_an_outcome,
    ),
    State("calls", LEAD, "/calls/", "Number and script"),
    State("alerts", LEAD, "/alerts/", "Rules"),
    State("api-docs", LEAD, "/api/v1/docs/", "Open an incident"),
]

FIRST_SIGHTS = [
    State("first-sights", LEAD, "/first-sights/", "Seen for the first time across a boundary"),
    State("first-sight", LEAD, "/first-sights/", "Why it weighs", act=open_the_finding),
    State(
        "account-trail",
        LEAD,
        "/first-sights/accounts/ashbourne/svc-backup@ashbourne/",
        "Trail of svc-backup@ashbourne",
    ),
    State("first-sights-many", SIGNER, "/first-sights/", "3 findings in one list"),
    State("first-sights-list", SIGNER, "/first-sights/", "In this list", act=open_the_finding),
    State("first-sights-none", STRANGER, "/first-sights/", "Nothing waits"),
    State("access-sources", PROVIDER, "/first-sights/sources/", "Northgate SIEM"),
    State("access-map", PROVIDER, "/first-sights/map/?days=90&weeks=0", "counts alone", scrolls=True),
    State("access-quality", LEAD, "/first-sights/quality/", "How well the rules do"),
    State("access-suppressions", LEAD, "/first-sights/kept-back/", "Kept back by agreement"),
    State("access-names", PROVIDER, "/first-sights/names/", "scan-07"),
]

OWN_ACTIONS = [
    State("own-actions", PARTNER, "/incidents/{main}/own-actions/", "What did you do?"),
    State(
        "own-actions-wrong",
        PARTNER,
        "/incidents/{main}/own-actions/",
        "Choose what you did",
        act=press("Write it down"),
    ),
    State("own-actions-done", PARTNER, "/incidents/{main}/own-actions/", "can see it", act=do_something),
    State("own-actions-task", PARTNER, "/incidents/{main}/own-actions/", "one of your tasks", act=do_a_task),
    State("evidence", PARTNER, "/tasks/{dunmere_first}/evidence/", "Take a photo"),
    State("evidence-wrong", PARTNER, "/tasks/{dunmere_first}/evidence/", "This file is empty", act=keep_nothing),
    State("evidence-kept", PARTNER, "/tasks/{dunmere_first}/evidence/", "SHA-256", act=keep_a_file),
    State("merge", LEAD, "/incidents/{main}/merge/", "This cannot be taken back"),
    State("search", LEAD, "/search/?q=link", "Tasks"),
    State("search-nothing", STRANGER, "/search/?q=nobodywrotethis", "Nothing that you may see"),
    State("search-short", LEAD, "/search/?q=x", "Type between 3 and 200 characters", 422),
    State("incident-export", LEAD, "/incidents/{main}/export/", "Download as CSV"),
    State("task-rung", LEAD, "/tasks/{dunmere_first}/", "Who said it?", act=unfold("They told you by telephone")),
    State("task-told", LEAD, "/tasks/{dunmere_first}/", "Told by telephone by", act=was_told),
]

ALERTS = [
    State("alert", LEAD, "/alerts/{alert}/", "Which one does it belong to?"),
    State("alert-wrong", LEAD, "/alerts/{alert}/", "Say why: it stays", act=press("Dismiss it")),
    State("alert-dropped", LEAD, "/alerts/{dropped_alert}/", "was dropped on"),
    State("alert-open", LEAD, "/alerts/{alert}/open/", "Pressing “Open and notify”"),
    State("alert-rules", LEAD, "/alerts/rules/", "They are tried from the top"),
    State("alert-rule-new", LEAD, "/alerts/rules/new/", "Try it first"),
    State("alert-rule-wrong", LEAD, "/alerts/rules/new/", "Give the rule a name", act=press("Save")),
    State("alert-rule-tried", LEAD, "/alerts/rules/new/", "What would have become of it", act=try_a_rule),
    State("campaign", LEAD, "/incidents/{main}/campaign/", "Link another incident"),
    State("campaign-wrong", LEAD, "/incidents/{main}/campaign/", "Give the campaign a name", act=press("Link them")),
    State("campaign-linked", LEAD, "/incidents/{main}/campaign/", "Take the link back", act=name_a_campaign),
    State("board-by-tool", LEAD, "/incidents/{suspected}/", "not yet confirmed by a person", scrolls=True),
]

OWN_PROVIDER = [
    State("own-provider", ADMINISTRATOR, "/partners/identity-provider/", "As it is pinned"),
    State("own-provider-looked", ADMINISTRATOR, "/partners/identity-provider/", "Says now", act=press("Look")),
    State(
        "own-provider-wrong",
        ADMINISTRATOR,
        "/partners/identity-provider/",
        "your own tenant's id",
        act=look_at_everybodys,
    ),
]

# The lead's hand-over, the wall itself and a guest's page are in `test_passing_on.py`.
OUTSIDE = [
    State("displays", LEAD, "/incidents/{main}/displays/", "Where does it stand?"),
    State("displays-wrong", LEAD, "/incidents/{main}/displays/", "Say where", act=press("Make a code")),
    State("displays-closed", LEAD, "/incidents/{closed}/displays/", "no screen shows it"),
    State("display-pair", NOBODY, "/display/", "Code of 8 characters"),
    State("display-pair-wrong", NOBODY, "/display/", "Type the code.", act=press_in_form),
    State("display-ended", NOBODY, "/display/wall/", "This screen shows no incident", 401),
    State("guests", LEAD, "/guests/", "Let a guest in"),
    State("guests-wrong", LEAD, "/guests/", "Choose what is shared", act=press("Let them in")),
    State("link-provider", PROVIDER, "/partners/links/{dependency}/", "You speak for the end"),
]

# With a passkey they are in `test_sign_in.py`.
ACCOUNT = [
    State("account", LEAD, "/account/", "No passkey yet"),
    State("account-app", LEAD, "/account/app/", "Scan this with the app"),
    State("account-app-wrong", LEAD, "/account/app/", "Type the six digits", act=press("Set it up")),
    State("account-password", LEAD, "/account/password/", "Set a password"),
    State("account-recovery-codes", LEAD, "/account/recovery-codes/", "Show my ten codes"),
    State("again-without-passkey", LEAD, "/sign-in/again/?next=/partners/", "You need a passkey for this"),
]

PEOPLE = [
    State("approvals-none", LEAD, "/approvals/", "Nothing waits for you"),
    State("isolation", ADMINISTRATOR, "/isolation/", "limit what can be done in its name"),
    State("people", ADMINISTRATOR, "/people/", "Anita Desai"),
    State("people-observer", OBSERVER, "/people/", "Your administrators add people"),
    State("person", ADMINISTRATOR, "/people/{somebody}/", "Ways to sign in"),
    State("person-add", ADMINISTRATOR, "/people/add/", "A service account needs none"),
    State("person-add-wrong", ADMINISTRATOR, "/people/add/", "Write a name", act=press("Add")),
    State("person-change", ADMINISTRATOR, "/people/{somebody}/change/", "Keep the change"),
    State("person-switch", ADMINISTRATOR, "/people/{somebody}/switch/", "Every session of theirs ends at once"),
    State("person-link", ADMINISTRATOR, "/people/{somebody}/link/", "Never send it by e-mail"),
    State("person-link-made", ADMINISTRATOR, "/people/{somebody}/link/", "Hand it over", act=press("Make the link")),
    State("person-reset-wrong", ADMINISTRATOR, "/people/{somebody}/reset/", "Say how", act=press("Reset")),
]
PERMITTED = [
    State("permissions", LEAD, "/permissions/", "since the end of 30 September 2026; it excuses nothing"),
    State("permission-waits", LEAD, "/permissions/{waiting_permission}/", "Version 1 waits for both sides"),
    State("permission-terms-wrong", LEAD, "/permissions/propose/", "Say what it is for", act=press("Propose it")),
    State("access-council", LEAD, "/access/", "unused for 40"),
    State("access-provider", PROVIDER, "/access/", "5 lines, 2 flagged"),
    State("access-what-if", LEAD, "/access/{ng_adm}/what-if/", "7 organisations are reached with it"),
]
WORST_DAY = [
    State("sign-in-rules", ADMINISTRATOR, "/people/policy/", "Break-glass accounts and emergency sign-ins end"),
    State("break-glass", ADMINISTRATOR, "/people/break-glass/", "2 accounts are missing"),
    State("break-glass-overdue", "Nadia Farouk", "/people/break-glass/", "has not been drilled within 90 days"),
    State("key-make", ADMINISTRATOR, "/partners/keys/make/", "What may it do?"),
    State("key-make-wrong", ADMINISTRATOR, "/partners/keys/make/", "Choose at least", act=press("Make the key")),
    State("webhooks", ADMINISTRATOR, "/partners/webhooks/", "failing since"),
    State("webhooks-none", STRANGER, "/partners/webhooks/", "No webhook yet"),
    State("webhook", ADMINISTRATOR, "/partners/webhooks/{hook}/", "the night desk"),
    State("webhook-again", ADMINISTRATOR, "/partners/webhooks/{hook}/", "Until", act=unfold("Send a time again")),
    State("webhook-change", ADMINISTRATOR, "/partners/webhooks/{hook}/change/", "Leave it empty to keep"),
    State(
        "webhook-make-wrong",
        ADMINISTRATOR,
        "/partners/webhooks/make/",
        "Say which tool it is for",
        act=press("Make the webhook"),
    ),
    State("readiness", ADMINISTRATOR, "/readiness/", "Are you ready for the worst day?"),
    State("emergency", LEAD, "/emergency/", "Who rings?"),
    State("emergency-ask", LEAD, "/emergency/dunmere/", "1. Ring them back"),
    State("emergency-number", LEAD, "/emergency/dunmere/", "01632 960", act=press("Show the registered number")),
    State("spoken-code", NOBODY, "/sign-in/code/", "A code was read out to you"),
    State("spoken-code-wrong", NOBODY, "/sign-in/code/", "Type the code", act=press_in_form),
]

ASSURANCE = [
    State("providers", LEAD, "/providers/", "Past due"),
    State("provider", LEAD, "/providers/northgate/", "Forty-one accounts in NG-ADM"),
    State("provider-own", PROVIDER, "/providers/northgate/", "Brackenfield"),
    State("assessment", PROVIDER, "/assessments/{assessment}/", "No virus scanner has looked"),
    State("finding-wrong", PROVIDER, "/findings/{finding}/", "Say it in a few words", act=press("Keep the plan")),
    State("contract", STRANGER, "/providers/northgate/contract/gravenhurst/", "Write the record"),
]

PLANNED = [
    State("incidents-views", LEAD, "/incidents/?state=open", "Only you see it", act=keep_a_view),
    State("planned-list", PROVIDER, "/incidents/?kind=planned", "New version of the directory"),
    State("planned-preview", PROVIDER, "/incidents/planned/", "Lives may hang on it", act=preview_work),
    State("planned-announcer", PROVIDER, "/incidents/planned/{planned}/", "The count is on that night"),
    State("planned-reached", LEAD, "/incidents/planned/{planned}/", "Know that this is coming"),
    State("planned-object-wrong", LEAD, "/incidents/planned/{planned}/", "Say why you object", act=object),
    State("planned-none", STRANGER, "/incidents/?kind=planned", "No work is planned"),
]

TECHNIQUES = [  # what is said of the intruder in an incident, what the plan answers, and what has to be reported
    State("on-it-none", LEAD, "/incidents/{fresh}/techniques/", "Nobody has said anything yet"),
    State("on-it", LEAD, "/incidents/{main}/techniques/?q=encrypted", "Dunmere"),
    State("on-it-partner", PARTNER, "/incidents/{main}/techniques/", "Seen at one organisation"),
    State("on-it-one", LEAD, "/incidents/{main}/techniques/T1486/", "Its words are with that organisation"),
    State("on-it-wrong", LEAD, "/incidents/{main}/techniques/T1490/", "Choose what you say", act=press("Say it")),
    State("on-it-one-partner", PARTNER, "/incidents/{main}/techniques/T1486/", "You read what lead and deputy"),
    State("duties", LEAD, "/incidents/{main}/duties/", "Assess: are we aware?"),
    State("duty-judge", OFFICER, "{duty}", "We are aware: start the clock"),
    State("duty-wrong", OFFICER, "{duty}", "Say who decided, and why", act=press("We are aware: start the clock")),
    State("duty-doubt", OFFICER, "{duty}", "Is it right?", act=aware_years_ago),
    State("coverage-none", LEAD, "/incidents/{fresh}/coverage/", "No technique to answer"),
    State("coverage", LEAD, "/incidents/{main}/coverage/", "Nobody has said anything about:"),
    State("coverage-partner", PARTNER, "/incidents/{main}/coverage/", "Of steps you read how far your own are"),
]

PERSONAL_DATA = [
    State("data-none", LEAD, "/incidents/{fresh}/data/", "Not yet assessed"),
    State("data", PARTNER, "/incidents/{main}/data/", "Basic identifiers"),
    State("data-lead", LEAD, "/incidents/{main}/data/", "What others share"),
    State("data-wrong", LEAD, "/incidents/{fresh}/data/", "Choose how things stand", act=press("Write it down")),
    State("data-notice", LEAD, "/incidents/{main}/data/", "tells you of your data"),
    State("data-notice-sent", PROVIDER, "/incidents/{main}/data/", "overdue since"),
    State("data-notice-unreached", PROVIDER, "/incidents/{main}/data/", "could be reached"),
    State("data-notice-wrong", PROVIDER, "/incidents/{main}/data/notice/", "Choose whom", act=press("Send it")),
    State("told-none", LEAD, "/incidents/{fresh}/told/", "Nobody shares a report with you"),
    State("told", PARTNER, "/incidents/{main}/told/", "NCSC-20417"),
    State("told-own", LEAD, "/incidents/{main}/told/", "without your words and names"),
    State("told-wrong", LEAD, "/incidents/{fresh}/told/", "Choose who was told", act=press("Write it down")),
]

DECISIONS = [  # the decision log, what is known, words for the outside
    State("decisions-none", LEAD, "/incidents/{fresh}/decisions/", "No decision that you may read"),
    State("decisions", LEAD, "/incidents/{main}/decisions/", "due for review"),
    State("decisions-partner", PARTNER, "/incidents/{main}/decisions/", "works from the paper rota"),
    State("decision-wrong", LEAD, "/incidents/{fresh}/decisions/write/", "Say what was", act=press("Write it down")),
    State("known-none", PROVIDER, "/incidents/{fresh}/known/", "has not said yet"),
    State("known", LEAD, "/incidents/{main}/known/", "1 earlier version"),
    State("known-wrong", LEAD, "/incidents/{fresh}/known/", "Say at least one", act=press("Show it to everybody")),
    State("update-known", LEAD, "/incidents/{main}/update/", "This heads the update"),
    State("statements-none", LEAD, "/incidents/{fresh}/statements/", "We have written none yet"),
    State("statements", PROVIDER, "/incidents/{main}/statements/", "Silence is never agreement"),
    State("statement-wrong", LEAD, "/incidents/{fresh}/statements/write/", "Give it a name", act=press("Keep it")),
    State("statement-author", LEAD, "{asked_words}", "It must not say"),
    State("statement-asked", PROVIDER, "{asked_words}", "Do we agree?"),
    State("statement-issued", PARTNER, "{issued_words}", "We said:"),
]

CUTS = [  # what is planned to be cut, and how services stand
    State("cuts-none", LEAD, "/incidents/{fresh}/cuts/", "No cut is planned that concerns you"),
    State("cuts", PROVIDER, "/incidents/{main}/cuts/", "objected 1"),
    State("cut", LEAD, "/incidents/{main}/cuts/{cut}/", "Council tax letters go out tonight"),
    State("cut-asked", PARTNER, "/incidents/{main}/cuts/{cut}/", "the nightly finance file"),
    State("cut-wrong", LEAD, "/incidents/{main}/cuts/{cut}/", "say why it goes ahead", act=press("Go ahead")),
    State("cut-plan", PROVIDER, "/incidents/{main}/cuts/new/?cut=group:NG-ADM", "one finance batch"),
    State("cut-plan-wrong", LEAD, "/incidents/{fresh}/cuts/new/", "Choose what is cut", act=press("Show what stops")),
    State("services", PARTNER, "/incidents/{main}/services/", "By hand until further notice"),
    State("situation", LEAD, "/incidents/{main}/situation/", "FS-02 at the town hall"),
    State("situation-wrong", PARTNER, "/incidents/{main}/situation/", "Say whether", act=press("Write it down")),
    State("costs", LEAD, "/incidents/{main}/costs/", "Paid by the insurer"),
    State("costs-wrong", PARTNER, "/incidents/{main}/costs/", "Say what it was", act=press("Write it down")),
    State("services-lead", LEAD, "/incidents/{fresh}/services/", "Telecare"),
]

OPENING = [  # opening an incident and acting on its rows
    State("open-untold", LEAD, "/incidents/open/", "Say why", act=leave_untold_without_a_reason),
    State(
        "board-words",
        LEAD,
        "/incidents/{main}/?feed=words",
        "Goes to: Brackenfield",
        act=open_the_composer,
        scrolls=True,
    ),
    State("let-in", LEAD, "/incidents/{main}/let-in/", "Nobody in reach is left untold"),
    State("let-in-wrong", LEAD, "/incidents/{main}/let-in/", "Say why", act=press("Ask")),
]

ADVISORIES = [  # what is known of the software of our systems
    State("exposures", PROVIDER, "/advisories/", "OpenLDAP out-of-bounds write"),
    State("exposures-none", LEAD, "/advisories/", "Nothing to do"),
    State("exposures-retracted", PROVIDER, "/advisories/?show=retracted", "Nothing here"),
    State("exposure", PROVIDER, "/advisories/{exposure}/", "What do you do about it?"),
    State("exposure-wrong", PROVIDER, "/advisories/{exposure}/", "Say why", act=press("Write it down")),
    State("exposure-open", PROVIDER, "/incidents/open/?systems=identity-platform&title=Fictional", "Who saw it?"),
    State("feeds", LEAD, "/advisories/feeds/", "It answers with the status 503"),
    State("bring-advisory", LEAD, "/advisories/bring/", "It is kept whole or not at all"),
    State("bring-advisory-wrong", LEAD, "/advisories/bring/", "Choose a file", act=press("Read it")),
]

GROUPS = {
    "advisories": ADVISORIES,
    "first sights": FIRST_SIGHTS,
    "decisions": DECISIONS,
    "cuts": CUTS,
    "opening": OPENING,
    "personal-data": PERSONAL_DATA,
    "techniques": TECHNIQUES,
    "planned": PLANNED,
    "assurance": ASSURANCE,
    "people": PEOPLE,
    "permitted": PERMITTED,
    "worst-day": WORST_DAY,
    "account": ACCOUNT,
    "signed-out": SIGNED_OUT,
    "watching": WATCHING,
    "reach": REACH,
    "leading": LEADING,
    "answering": ANSWERING,
    "register": REGISTER,
    "playbooks": PLAYBOOKS,
    "telling": TELLING,
    "own-provider": OWN_PROVIDER,
    "outside": OUTSIDE,
    "own actions": OWN_ACTIONS,
    "alerts": ALERTS,
}
