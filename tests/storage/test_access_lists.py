"""The lists of who may use the bot, in either database: every replica sees a change at once, and each bot its own."""

from __future__ import annotations

from bot.service.access.repository import AccessRequest, RequestState
from bot.service.ports import UnitOfWork
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage

pytest_plugins = ("store_fixtures",)


async def test_another_process_sees_who_was_admitted_and_expelled_at_its_next_transaction(
    url: str, store: SqlStorage
) -> None:
    other = create_storage(url)

    def admitted(uow: UnitOfWork) -> None:
        uow.claim_for_bot("42")
        uow.admit("7", is_admin=True)
        uow.admit("-100")

    await store.transact(admitted)
    await other.transact(lambda uow: uow.claim_for_bot("42"))
    numbers = ("7", "-100", "8")
    seen = await other.transact(lambda uow: [uow.is_admitted("5", number) for number in numbers])
    assert seen == [True, True, False]
    assert await store.transact(lambda uow: uow.expel("-100"))
    assert not await other.transact(lambda uow: uow.is_admitted("5", "-100"))
    assert await other.transact(lambda uow: uow.administrators()) == ["7"]
    await other.close()


async def test_to_admit_again_changes_nothing_and_takes_no_right_away(store: SqlStorage) -> None:
    def admitted(uow: UnitOfWork) -> list[tuple[str, bool]]:
        for is_admin in (False, True, False):
            uow.admit("7", is_admin=is_admin)
        return [(admission.number, admission.is_admin) for admission in uow.list_admitted(9)]

    assert await store.transact(admitted) == [("7", True)]


async def test_one_bot_sees_nothing_of_the_lists_of_another(store: SqlStorage) -> None:
    def seen(uow: UnitOfWork) -> tuple[object, ...]:
        uow.claim_for_bot("42")
        uow.admit("7", is_admin=True)
        uow.add_pairing_code("hash", 10.0)
        uow.put_request("8", AccessRequest(1.0, state=RequestState.asked), 9)
        uow.bot = "43"  # type: ignore[attr-defined] # the bot that the unit of work acts for
        uow.drop_pairing_codes()
        uow.expire_access(100.0, 1.0)
        nothing = (uow.is_admitted("7", "7"), uow.administrators(), uow.pairing_codes(0.0), uow.count_asking())
        uow.expel("7")
        uow.bot = "42"  # type: ignore[attr-defined]
        return nothing, (uow.administrators(), uow.pairing_codes(0.0), uow.count_asking())

    assert await store.transact(seen) == ((False, [], [], 0), (["7"], ["hash"], 1))


async def test_of_too_many_people_without_access_the_first_are_forgotten_and_after_a_day_all(
    store: SqlStorage,
) -> None:
    def remembered(uow: UnitOfWork) -> list[bool]:
        for number in range(1, 5):
            uow.put_request(str(number), AccessRequest(float(number), told=True, wrong_codes=number), 3)
        kept = [uow.get_request(str(number)) is not None for number in range(1, 5)]
        assert uow.get_request("4") == AccessRequest(4.0, told=True, wrong_codes=4)
        uow.expire_access(86_403.5, 86_400.0)
        return [*kept, *(uow.get_request(str(number)) is not None for number in range(1, 5))]

    assert await store.transact(remembered) == [False, True, True, True, False, False, False, True]


async def test_codes_pair_until_their_time_is_over_and_are_then_deleted(store: SqlStorage) -> None:
    def codes(uow: UnitOfWork) -> list[list[str]]:
        uow.add_pairing_code("early", 10.0)
        uow.add_pairing_code("late", 20.0)
        found = [sorted(uow.pairing_codes(now)) for now in (9.0, 10.0, 20.0)]
        uow.expire_access(15.0, 1.0)
        return [*found, uow.pairing_codes(0.0)]

    assert await store.transact(codes) == [["early", "late"], ["late"], [], ["late"]]
