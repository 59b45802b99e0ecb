"""Actors: the same name is not the same person."""

from __future__ import annotations

import itertools

import pytest

from subtitled.db.actors import Actor

ANA = Actor.user("Ana")
OWN_KEY = Actor.user("ana", "scripts")
FOREIGN_KEY = Actor.key(7, "Ana")
LATER_KEY = Actor.key(8, "Ana")
ACCOUNT = Actor.account("ana", "Ana")
BEN = Actor.user("ben")


@pytest.mark.parametrize(
    ("one", "other"),
    list(itertools.permutations([ANA, FOREIGN_KEY, LATER_KEY, ACCOUNT, BEN], 2)),
)
def test_who_has_the_same_name_is_not_the_author(one: Actor, other: Actor) -> None:
    assert not one.is_author(other.name, other.person)


def test_a_user_is_the_same_in_any_case_and_by_their_own_key() -> None:
    assert ANA.is_author(OWN_KEY.name, OWN_KEY.person)
    assert OWN_KEY.is_author("ANA", Actor.user("ANA").person)
    assert OWN_KEY.name == "scripts"


@pytest.mark.parametrize("actor", [ANA, FOREIGN_KEY, ACCOUNT])
def test_what_was_stored_without_a_person_belongs_to_the_name(actor: Actor) -> None:
    assert actor.is_author("Ana", "") and actor.is_author("Ana", None)
    assert not actor.is_author("Ben", "")
    assert not actor.is_author(None, None)


def test_an_account_may_be_the_user_of_its_name_but_a_key_is_not() -> None:
    assert ACCOUNT.may_be(ANA.name, ANA.person) and ANA.may_be(ACCOUNT.name, ACCOUNT.person)
    renamed = Actor.account("ana", "Somebody Else")
    assert renamed.may_be(ANA.name, ANA.person), "a name that is only claimed changes nothing"
    for one, other in itertools.permutations([FOREIGN_KEY, LATER_KEY, ANA, BEN], 2):
        assert not one.may_be(other.name, other.person)
    assert not Actor.account("7").may_be(FOREIGN_KEY.name, FOREIGN_KEY.person)
