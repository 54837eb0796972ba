"""Routing: Ada, Ben or Cleo is offered a chat, and why."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.rules.routing import Candidate, ConsideredCandidate, choose, pick, preference
from chat.vocabulary import RoutingRule

ADA = Candidate("ada", chats=1, capacity=4, idle_s=60)
BEN = Candidate("ben", chats=2, capacity=4, idle_s=600)
CLEO = Candidate("cleo", chats=1, capacity=4, idle_s=90)


@pytest.mark.parametrize(
    ("candidates", "chosen", "rule"),
    [
        ([], None, "nobody"),
        ([BEN], "ben", "only_one"),
        ([BEN, ADA], "ada", "fewest_chats"),
        ([ADA, BEN, CLEO], "cleo", "longest_idle"),
        ([CLEO._replace(idle_s=60), ADA], "ada", "all_alike"),
        # An agent who knows the visitor comes first, however busy, but not beyond capacity.
        ([ADA, BEN._replace(had_visitor=True)], "ben", "knew_visitor"),
        ([BEN._replace(had_visitor=True)], "ben", "knew_visitor"),
        ([ADA, BEN._replace(had_visitor=True, chats=4)], "ada", "only_one"),
        ([BEN._replace(had_visitor=True), CLEO._replace(had_visitor=True)], "cleo", "knew_visitor"),
        ([ADA._replace(available=False), BEN], "ben", "only_one"),
        ([ADA._replace(passed=True), BEN], "ben", "only_one"),
        ([ADA._replace(in_department=False), BEN], "ben", "only_one"),
        ([ADA._replace(capacity=0)], None, "nobody"),
    ],
)
def test_chosen_agent_and_rule(candidates: list[Candidate], chosen: str | None, rule: RoutingRule) -> None:
    decision = pick(candidates)
    assert (decision.chosen, decision.rule) == (chosen, rule)


def test_decision_has_the_reason_of_each_excluded_candidate() -> None:
    away, elsewhere = ADA._replace(available=False), BEN._replace(in_department=False)
    passed, full = CLEO._replace(passed=True), Candidate("dan", chats=4, capacity=4, idle_s=0)
    assert pick([full, passed, elsewhere, away]).considered == (
        ConsideredCandidate(away, "away"),
        ConsideredCandidate(elsewhere, "department"),
        ConsideredCandidate(passed, "passed"),
        ConsideredCandidate(full, "full"),
    )


def test_free_candidates_have_no_exclusion_reason() -> None:
    assert pick([BEN, ADA]).considered == (ConsideredCandidate(ADA, None), ConsideredCandidate(BEN, None))


candidates = st.builds(
    Candidate,
    agent=st.uuids().map(str),
    chats=st.integers(0, 5),
    capacity=st.integers(0, 5),
    idle_s=st.integers(0, 3),
    available=st.booleans(),
    in_department=st.booleans(),
    passed=st.booleans(),
    had_visitor=st.booleans(),
)


@given(st.lists(candidates, unique_by=lambda one: one.agent), st.randoms())
def test_order_of_candidates_does_not_change_the_decision(team: list[Candidate], random: Random) -> None:
    decision = pick(team)
    random.shuffle(team)
    assert pick(team) == decision


@given(st.lists(candidates, unique_by=lambda one: one.agent))
def test_an_agent_is_chosen_exactly_when_one_is_free(team: list[Candidate]) -> None:
    decision = pick(team)
    free = {one.agent for one, excluded in decision.considered if excluded is None}
    assert len(decision.considered) == len(team)
    assert (decision.chosen in free) if free else decision.chosen is None


@given(st.lists(candidates, min_size=1, unique_by=lambda one: one.agent))
def test_no_better_candidate_was_skipped(team: list[Candidate]) -> None:
    decision = pick(team)
    free = [one for one, excluded in decision.considered if excluded is None]
    for chosen in (one for one in free if one.agent == decision.chosen):
        equals = [one for one in free if one.had_visitor == chosen.had_visitor]
        assert chosen.had_visitor or not any(one.had_visitor for one in free)
        assert chosen.chats == min(one.chats for one in equals)
        assert chosen.idle_s == max(one.idle_s for one in equals if one.chats == chosen.chats)


@given(st.lists(candidates, unique_by=lambda one: one.agent), st.integers(1, 4))
def test_choosing_from_sorted_candidates_stops_early_with_the_same_result(team: list[Candidate], recorded: int) -> None:
    full, found = pick(team), choose(sorted(team, key=preference), recorded)
    assert (found.chosen, found.rule) == (full.chosen, full.rule)
    assert len(found.considered) >= min(recorded, len(team))
    assert set(found.considered) <= set(full.considered)
