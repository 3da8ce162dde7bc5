"""What is computed once for an object is never that of another one."""

import gc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from forwardc.core.identity_cache import IdentityCache
from forwardc.plan.digests import approval_digest
from forwardc.plan.model import load_plan


class Owner:
    """Equal to every other one, as a copied plan is to its original."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Owner)

    __hash__ = None  # type: ignore[assignment] # nor has a plan one


def counted() -> Callable[[], int]:
    numbers = iter(range(100))
    return lambda: next(numbers)


def test_it_is_computed_once_for_each_object_and_key() -> None:
    kept, compute = IdentityCache[int](), counted()
    one, other = Owner(), Owner()
    assert [kept.get(one, "a", compute) for _ in range(3)] == [0, 0, 0]
    assert (kept.get(other, "a", compute), kept.get(one, "b", compute)) == (1, 2)
    assert kept.get(one, "a", compute) == 0


def test_a_new_object_at_the_place_of_an_old_one_is_computed_anew() -> None:
    kept, compute = IdentityCache[int](), counted()
    places = set()
    for expected in range(50):
        owner = Owner()
        places.add(id(owner))
        assert kept.get(owner, "", compute) == expected
        del owner
    gc.collect()
    assert len(places) < 50


def test_the_oldest_goes_when_there_are_too_many() -> None:
    kept, compute = IdentityCache[int](most=2), counted()
    owner = Owner()
    assert [kept.get(owner, key, compute) for key in "abcbc"] == [0, 1, 2, 1, 2]
    assert kept.get(owner, "a", compute) == 3


def test_a_changed_plan_has_a_digest_of_its_own(root: Path) -> None:
    plan = load_plan((root / "tests/runtime/plans/forward.json").read_bytes())
    before = approval_digest(plan, "card")
    hosts = replace(plan.hosts, vault=("elsewhere.example",))
    assert approval_digest(replace(plan, hosts=hosts), "card") != before
    assert approval_digest(plan, "card") == before
