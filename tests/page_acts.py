"""What a visitor does on a page before it is looked at: the states of `tests.pages` that need a hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def follow(page: Any, element: Any) -> None:
    """Press what leads on and wait for the page it leads to: the one being left is complete, and may say the same."""
    with page.expect_navigation():
        element.click()


def press(words: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        follow(page, page.get_by_role("button", name=words).first)

    return act


def try_a_rule(page: Any) -> None:
    page.get_by_label("Name", exact=True).fill("Any alert")
    page.get_by_label("What you call the tool").fill("Alertmanager")
    page.get_by_role("button", name="Try it").click()
    page.get_by_text("Nothing was saved").wait_for()


def name_a_campaign(page: Any) -> None:
    """The other incident is chosen already; where it was linked before, it stands there."""
    if page.get_by_role("button", name="Take the link back").count() == 0:
        page.get_by_label("What is the campaign called?").fill("Autumn")
        follow(page, page.get_by_role("button", name="Link them"))


def timeless(page: Any) -> None:
    page.get_by_label("After how many minutes").first.fill("")
    page.get_by_role("button", name="Begin the exercise").click()
    page.locator("main").get_by_role("alert").wait_for()


def half_quiet(page: Any) -> None:
    page.get_by_label("From").fill("22:00")
    page.get_by_role("button", name="Keep it").click()
    page.locator("main").get_by_role("alert").wait_for()


def no_channel(page: Any) -> None:
    page.get_by_label("Way").select_option("slack")
    page.get_by_label("What it is").fill("Duty channel")
    page.get_by_label("Address or number").fill("https://example.org/services/T0/B0/abcdef")
    page.get_by_role("button", name="Keep it").click()
    page.locator("main").get_by_role("alert").wait_for()


def paste_half_a_playbook(page: Any) -> None:
    page.get_by_label("Or its text").fill('{"type": "playbook", "spec_version": "cacao-2.0", "name": "Half of it"}')
    page.get_by_role("button", name="Check and keep it").click()
    page.get_by_role("heading", name="What is wrong").wait_for()


def sign_for_ever(page: Any) -> None:
    page.get_by_label("It counts until").fill("2099-01-01")
    page.get_by_role("button", name="Sign off for your organisation").click()
    page.locator("main").get_by_role("alert").wait_for()


def begin_a_playbook(page: Any) -> None:
    page.get_by_label("What is it called?").fill("Loss of mail")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/playbooks/drafts/*-*/")


def a_step_of_a_copy(page: Any) -> None:
    page.get_by_role("button", name="Copy and edit").click()
    page.get_by_role("link", name="Name who decides today").first.click()
    page.wait_for_url("**/steps/**")
    page.get_by_label("Find one").fill("account locking")
    page.get_by_role("button", name="Find").click()
    page.locator("#found-D3-AL").wait_for()


def press_in_form(page: Any) -> None:
    page.locator("main form[method=post] button").last.click()
    page.locator("main").get_by_role("alert").wait_for()


def keep_a_view(page: Any) -> None:
    if not page.get_by_label("Keep what the list shows now").is_visible():  # it is open once something is kept
        page.locator("summary", has_text="Your views").click()
    page.get_by_label("Keep what the list shows now").fill("Night shift")
    follow(page, page.get_by_role("button", name="Keep"))
    page.get_by_role("link", name="Night shift").wait_for()


def name_the_platform(page: Any) -> None:
    page.get_by_label("Identity platform").check()
    follow(page, page.get_by_role("button", name="Show who is reached"))  # the preview came by itself, on the old page
    page.get_by_role("button", name="Open and notify").wait_for()


def leave_untold_without_a_reason(page: Any) -> None:
    name_the_platform(page)
    page.locator("summary", has_text="Leave untold").last.click()
    page.get_by_label("is not told").last.check()
    page.get_by_label("Title").fill("Breach")
    page.get_by_role("button", name="Open and notify").click()
    page.locator("main").get_by_role("alert").wait_for()


def open_without_a_title(page: Any) -> None:
    name_the_platform(page)
    page.get_by_role("button", name="Open and notify").click()
    page.locator("main").get_by_role("alert").wait_for()


def preview_words(page: Any) -> None:
    page.get_by_label("In an e-mail").fill("Ring the service desk of {organisation} on {desk}.")
    page.get_by_label("In a text message").fill("Ring 201.")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="What would go out").wait_for()


def word_a_link(page: Any) -> None:
    page.get_by_label("In an e-mail").fill("Look at www.example.org")
    page.get_by_role("button", name="Keep these words").click()
    page.locator("main").get_by_role("alert").wait_for()


def aware_years_ago(page: Any) -> None:
    page.get_by_label("Aware since").first.fill("2022-11-20T08:10")
    page.get_by_label("Who decided, and on what evidence").first.fill("S. Osei: the payroll share was read.")
    page.get_by_role("button", name="We are aware: start the clock").click()
    page.get_by_label("It is right").wait_for()


def preview_update(page: Any) -> None:
    page.get_by_label("What everybody should know").fill(
        "The trust to the finance ledger is cut. Ring us on the bridge."
    )
    page.get_by_role("button", name="Show what each will see").click()
    page.get_by_role("heading", name="What each will see").wait_for()


def open_the_finding(page: Any) -> None:
    follow(page, page.locator("main h2 a, main tbody th a").first)


def open_the_composer(page: Any) -> None:
    page.locator("#composer > summary").click()
    page.get_by_label("What everybody should know").wait_for()


def look_at_everybodys(page: Any) -> None:
    page.get_by_label("Issuer").fill("https://login.microsoftonline.com/common/v2.0")
    page.get_by_role("button", name="Look").click()
    page.locator("main").get_by_role("alert").wait_for()


def unfold(words: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        page.locator("summary", has_text=words).first.click()

    return act


def answer(page: Any) -> None:
    page.locator("#my-tasks article form button").click()
    page.get_by_text("can see it").wait_for()


def ask_of_a_made_up_code(page: Any) -> None:
    page.get_by_label("Code in the message").fill("4k7m9qxr")
    page.get_by_label("Your organisation").fill("Ashbourne")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("We know of no message").wait_for()


def name_somebody(page: Any) -> None:
    page.get_by_label("What they should know and look at").fill("Dunmere is hit.")
    page.get_by_role("button", name="Send").click()
    page.locator("main").get_by_role("alert").wait_for()


def preview_work(page: Any) -> None:
    page.get_by_label("Identity platform").check()
    page.get_by_label("What will not work?").fill("Signing in")
    page.get_by_role("button", name="Show who is reached").click()
    page.get_by_role("button", name="Announce").wait_for()


def object(page: Any) -> None:
    page.locator("summary", has_text="We object").click()
    page.get_by_role("button", name="Object").click()
    page.locator("main").get_by_role("alert").wait_for()


def ask_for_keys(page: Any) -> None:
    page.keyboard.press("?")


def ring(page: Any) -> None:
    """Put them on the call list and take the call, as far as that is not done yet; somebody may have looked before."""
    for words in ("Put them on the call list", "Take this call"):
        button = page.get_by_role("button", name=words)
        if button.count():
            follow(page, button)


def ring_without_an_outcome(page: Any) -> None:
    ring(page)
    page.get_by_role("button", name="Write it down").click()
    page.locator("main").get_by_role("alert").wait_for()


def do_something(page: Any) -> None:
    page.get_by_label("Something else", exact=True).check()
    page.get_by_label("Something else, in your words").fill("Pulled the plug of the old print server")
    follow(page, page.get_by_role("button", name="Write it down"))


def do_a_task(page: Any) -> None:
    here = page.url
    page.goto(here.partition("/incidents/")[0] + "/my-tasks/")
    title = page.locator("#card-title").inner_text()
    page.goto(here)
    page.get_by_label("Something else", exact=True).check()
    page.get_by_label("Something else, in your words").fill(title)
    page.get_by_role("button", name="Write it down").click()
    page.locator("main").get_by_role("alert").wait_for()


def was_told(page: Any) -> None:
    page.get_by_text("They told you by telephone").click()
    page.get_by_role("radio").first.check()
    page.get_by_label("Who said it?").fill("Carol Dunn")
    page.get_by_label("In which role?").fill("Duty officer")
    page.get_by_label("Which number did you ring?").fill("+44 1632 960111")
    follow(page, page.get_by_role("button", name="Write it down in their name"))
    page.get_by_role("heading", name="Told by telephone").wait_for()


def keep_nothing(page: Any) -> None:
    _add_file(page, b"")
    page.locator("main").get_by_role("alert").wait_for()


def keep_a_file(page: Any) -> None:
    _add_file(page, b"The gateway says: link closed.")
    page.get_by_role("link", name="gateway.txt").wait_for()


def _add_file(page: Any, content: bytes) -> None:
    page.get_by_label("Add a file").set_input_files(
        files=[{"name": "gateway.txt", "mimeType": "text/plain", "buffer": content}]
    )
    follow(page, page.get_by_role("button", name="Keep the file"))
