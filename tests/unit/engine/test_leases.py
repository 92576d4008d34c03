from __future__ import annotations

from pytest_orchestrate.engine.leases import NUMBERED, Leases, signature
from pytest_orchestrate.model.annotations import Demand

DB = signature((Demand("db"),))
READS = signature((Demand("db", shared=True),))


def leases(**capacities: int) -> Leases:
    made = Leases()
    made.provide(capacities)
    return made


def test_what_nobody_has_provided_there_is_one_of() -> None:
    made = leases()
    assert made.fits(DB)
    assert made.grant(0, 7, DB) == {"db": [0]}
    assert not made.fits(DB)
    assert made.lacking(DB) == ("db", [7])


def test_slots_are_the_lowest_that_are_free() -> None:
    made = leases(port=4)
    two = signature((Demand("port", 2),))
    one = signature((Demand("port"),))
    assert made.grant(0, 1, two) == {"port": [0, 1]}
    assert made.grant(1, 2, one) == {"port": [2]}
    assert not made.fits(two)
    assert made.release(0, 1)
    assert made.grant(2, 3, one) == {"port": [0]}


def test_a_worker_has_its_lease_until_its_last_test_has_ended() -> None:
    made = leases(db=1)
    made.grant(0, 1, DB)
    assert made.has(0, DB)
    assert made.grant(0, 2, DB) == {"db": [0]}
    assert not made.release(0, 1)
    assert not made.fits(DB)
    assert made.release(0, 2)
    assert made.fits(DB)
    assert not made.release(0, 2)


def test_readers_share_what_a_writer_has_alone() -> None:
    made = leases(db=1)
    made.grant(0, 1, READS)
    assert made.fits(READS)
    assert not made.fits(DB)
    made.grant(1, 2, READS)
    made.release(0, 1)
    assert not made.fits(DB)
    made.release(1, 2)
    assert made.fits(DB)
    made.grant(0, 3, DB)
    assert not made.fits(READS)


def test_several_demands_for_one_thing_are_the_largest_and_exclusive_if_one_is() -> None:
    demands = (Demand("db", 2), Demand("db", shared=True), Demand("gpu"))
    assert signature(demands) == (("db", 2, False), ("gpu", 1, False))


def test_all_or_none() -> None:
    made = leases(db=1, gpu=1)
    both = signature((Demand("db"), Demand("gpu")))
    made.grant(0, 1, DB)
    assert not made.fits(both)
    assert made.short(both) == ["db"]
    assert made.fits(signature((Demand("gpu"),)))


def test_bytes_have_no_numbers() -> None:
    made = leases(memory=NUMBERED + 1)
    assert made.grant(0, 1, signature((Demand("memory", NUMBERED),))) == {"memory": []}
    assert not made.fits(signature((Demand("memory", 2),)))


def hosted(**capacities: int) -> Leases:
    made = Leases()
    made.provide(capacities, hosted=capacities)
    return made


def test_of_the_machine_there_is_nothing_until_it_is_granted() -> None:
    made = hosted(db=1)
    assert not made.fits(DB)
    assert made.could_fit(DB)
    made.add({"db": [0]}, shared=())
    assert made.fits(DB)
    assert made.grant(0, 1, DB) == {"db": [0]}
    assert made.surrender() == {}
    made.release(0, 1)
    assert made.surrender() == {"db": [0]}
    assert not made.fits(DB)


def test_slots_that_are_granted_have_the_machines_numbers() -> None:
    made = hosted(port=4)
    made.add({"port": [1, 3]}, shared=())
    assert made.grant(0, 1, signature((Demand("port"),))) == {"port": [1]}
    assert made.surrender() == {"port": [3]}


def test_the_machine_cannot_grant_what_the_run_itself_uses() -> None:
    made = hosted(db=1)
    made.add({"db": [0]}, shared=())
    made.grant(0, 1, DB)
    assert not made.could_fit(DB)
    assert not made.could_fit(READS)


def test_what_others_share_is_for_readers_only() -> None:
    made = hosted(db=1)
    made.add({"db": [0]}, shared=["db"])
    assert made.fits(READS)
    assert not made.fits(DB)
    made.grant(0, 1, READS)
    made.grant(1, 2, READS)
    made.release(0, 1)
    assert made.surrender() == {}
    made.release(1, 2)
    assert made.surrender() == {"db": [0]}
    made.add({"db": [0]}, shared=())
    assert made.fits(DB)


def test_the_machine_is_not_asked_for_what_the_run_lacks_itself() -> None:
    made = hosted(db=1)
    made.provide({"gpu": 1})
    both = signature((Demand("db"), Demand("gpu")))
    assert made.could_fit(both)
    made.grant(0, 1, signature((Demand("gpu"),)))
    assert not made.could_fit(both)
    assert made.short(both) == ["gpu"]
