from __future__ import annotations

from uuid import UUID, uuid4

from notifications.recipients import Way, choose, why_nobody

ANNA, BEN = uuid4(), uuid4()


def way(person: UUID | None, doubt: str = "") -> Way:
    return Way(uuid4(), person, "email", doubt)


def test_each_person_gets_one_way_and_the_desk_every_trusted_one():
    desk, second_desk, first, second, bens = way(None), way(None), way(ANNA), way(ANNA), way(BEN)
    choice = choose([desk, first, second, bens, second_desk], doubts={})
    assert choice.use == [desk, first, bens, second_desk]
    assert choice.skip == []


def test_a_doubtful_way_is_gone_round_and_written_down():
    work, home = way(ANNA), way(ANNA)
    choice = choose([work, home], doubts={work.id: "It rides on the attacked mail."})
    assert choice.use == [home]
    assert choice.skip == [(work, "It rides on the attacked mail.")]


def test_a_way_that_was_marked_before_is_not_used_either():
    marked = way(ANNA, "It is not trusted at present.")
    assert choose([marked], doubts={}).skip == [(marked, "It is not trusted at present.")]


def test_only_people_who_may_know_are_told_and_always_the_desk():
    desk, annas, bens = way(None), way(ANNA), way(BEN)
    assert choose([desk, annas, bens], doubts={}, people={BEN}).use == [desk, bens]


def test_whoever_has_a_message_gets_no_second_one():
    assert choose([way(ANNA)], doubts={}, reached={ANNA}).use == []


def test_why_nobody_can_be_told_is_said_in_words():
    doubt = "INC-7KQ4 can reach E-mail, on which it rides."
    assert why_nobody(choose([way(ANNA)], doubts={})) == ""
    assert "No way to reach anybody here is recorded" in why_nobody(choose([], doubts={}))
    assert doubt in why_nobody(choose([way(ANNA, doubt)], doubts={}))
    assert doubt in why_nobody(choose([way(ANNA, doubt), way(BEN, doubt)], doubts={}))
    assert why_nobody(choose([way(ANNA, doubt), way(BEN, "Marked by hand.")], doubts={})).endswith(
        "Call the duty desk."
    )
