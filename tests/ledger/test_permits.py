"""What processes at one account agree on, on SQLite and PostgreSQL: whatever they do, and however late they say it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from rushes.ledger.ledger import Ledger
from rushes.ledger.limits import allow, seen
from rushes.ledger.open import open_ledger
from rushes.ledger.owner import new_owner, process_of
from rushes.ledger.permit import EVERYTHING, LEASE, Refusal
from rushes.ledger.permits import Answer, Ask, Permits
from rushes.model.limit import Allowed, Rate, Unit

T0 = 1_750_000_000.0
RATES = (Rate(12, 10.0), Rate(30, 60.0, Unit.IMAGES))
FOUND = {"most": 8.0, "free": True, "pace": None}


class Member:
    """A process that does all that it may: it sends between asking and hearing, and tells of it late."""

    def __init__(self, ledger: Ledger, limit: str, owner: str) -> None:
        self.permits, self.limit, self.owner = Permits(ledger, owner), limit, owner
        self.used = self.wants = self.priority = 0
        self.held: int | None = None
        self.until = self.leased = 0.0
        self.most = 0
        self.leads = False
        self.budgets: dict[Rate, float] = {}
        self.sent: dict[Unit, list[tuple[float, float]]] = {}
        self.asked: tuple[Ask, float] | None = None
        self.answer: Answer | None = None
        self.declared = Allowed()

    def ask(self, now: float, needs: float = 0.0) -> None:
        holds = EVERYTHING if self.held == EVERYTHING else max(self.held or 0, self.used)
        self.asked = (
            Ask(
                self.limit,
                self.used,
                self.wants,
                self.priority,
                self.declared,
                holds,
                self.sent,
                dict(self.budgets),
                {rate: needs for rate in self.budgets if rate.of is Unit.IMAGES},
                finds=False,
            ),
            now,
        )
        self.sent = {}

    def write(self, now: float) -> None:
        assert self.asked is not None
        self.answer = self.permits.exchange([self.asked[0]], now)[self.limit]
        self.leased = now + LEASE

    def hear(self) -> None:
        assert self.asked is not None and self.answer is not None
        (_ask, began), answer, self.asked, self.answer = self.asked, self.answer, None, None
        self.held, self.leads, self.until = answer.held, answer.leads, began + LEASE
        self.most = (answer.set or self.declared).in_flight or 10**6
        for rate, one in answer.budgets.items():
            self.budgets[rate] = one.amount - sum(amount for _at, amount in self.sent.get(rate.of, ()))

    def exchange(self, now: float, needs: float = 0.0) -> Answer:
        self.ask(now, needs)
        self.write(now)
        answer = self.answer
        assert answer is not None
        self.hear()
        return answer

    def may(self, now: float, images: float) -> bool:
        if self.held is None or now >= self.until or self.used >= self.most:
            return False
        if self.held != EVERYTHING and self.used >= self.held:
            return False
        return all(self.budgets[rate] >= (1.0 if rate.of is Unit.REQUESTS else images) for rate in self.budgets)

    def start(self, now: float, images: float) -> None:
        self.used += 1
        self.wants = max(0, self.wants - 1)
        for unit, amount in ((Unit.REQUESTS, 1.0), (Unit.IMAGES, images)):
            self.sent.setdefault(unit, []).append((now, amount))
        for rate in self.budgets:
            self.budgets[rate] -= 1.0 if rate.of is Unit.REQUESTS else images


_NAMES = count()


class Together(RuleBasedStateMachine):
    """Any order of what processes do. What they send is counted as the account would."""

    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.limit, self.number = f"account-{next(_NAMES)}", count()
        self.now = T0
        self.members: list[Member] = []
        self.dead: list[tuple[float, int]] = []  # killed: until when its lease goes, and what it had in flight
        self.gone: dict[Unit, deque[tuple[float, float]]] = {Unit.REQUESTS: deque(), Unit.IMAGES: deque()}
        self.totals = [4]
        allow(self.ledger, self.limit, Allowed(4, RATES))

    @initialize()
    def begin(self) -> None:
        self.join(2)

    @precondition(lambda self: len(self.members) < 6)
    @rule(wants=st.integers(0, 9))
    def join(self, wants: int) -> None:
        self.members.append(Member(self.ledger, self.limit, f"p{next(self.number)}"))
        self.members[-1].wants = wants

    @precondition(lambda self: bool(self.members))
    @rule(data=st.data(), images=st.sampled_from((1.0, 4.0)))
    def ask(self, data: st.DataObject, images: float) -> None:
        member = data.draw(st.sampled_from(self.members))
        if member.asked is None:
            member.ask(self.now, images)

    @precondition(lambda self: any(one.asked and not one.answer for one in self.members))
    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from([one for one in self.members if one.asked and not one.answer])).write(self.now)

    @precondition(lambda self: any(one.answer for one in self.members))
    @rule(data=st.data())
    def hear(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from([one for one in self.members if one.answer])).hear()

    @precondition(lambda self: bool(self.members))
    @rule(data=st.data(), images=st.sampled_from((1.0, 4.0)), number=st.integers(1, 9))
    def send(self, data: st.DataObject, images: float, number: int) -> None:
        member = data.draw(st.sampled_from(self.members))
        for _ in range(number):
            if not member.may(self.now, images):
                return
            member.start(self.now, images)
            flying = sum(one.used for one in self.members) + sum(used for until, used in self.dead if until > self.now)
            assert flying <= max(self.totals), "no more in flight together than there is"
            for unit, amount in ((Unit.REQUESTS, 1.0), (Unit.IMAGES, images)):
                self.gone[unit].append((self.now, amount))
            for rate in RATES:
                lately = sum(amount for at, amount in self.gone[rate.of] if at > self.now - rate.seconds)
                assert lately <= rate.most, f"{lately} of {rate.says}"

    @precondition(lambda self: any(one.used for one in self.members))
    @rule(data=st.data(), number=st.integers(1, 9))
    def end(self, data: st.DataObject, number: int) -> None:
        member = data.draw(st.sampled_from([one for one in self.members if one.used]))
        member.used -= min(number, member.used)

    @precondition(lambda self: bool(self.members))
    @rule(data=st.data(), wants=st.integers(0, 9), priority=st.sampled_from((0, 0, 5)))
    def change(self, data: st.DataObject, wants: int, priority: int) -> None:
        member = data.draw(st.sampled_from(self.members))
        member.wants, member.priority = wants, priority

    @rule(seconds=st.sampled_from((0.05, 0.5, 3.0, 11.0, 70.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: bool(self.members))
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        member = data.draw(st.sampled_from(self.members))
        self.members.remove(member)
        self.dead.append((member.leased, member.used))

    @precondition(lambda self: any(not one.used and not one.asked for one in self.members))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        member = data.draw(st.sampled_from([one for one in self.members if not one.used and not one.asked]))
        member.ask(self.now)
        assert member.asked is not None
        member.permits.leave([member.asked[0]], self.now)
        self.members.remove(member)

    @rule(total=st.integers(1, 9))
    def allow(self, total: int) -> None:
        self.totals.append(total)
        allow(self.ledger, self.limit, Allowed(total, RATES))

    @precondition(lambda self: len(self.members) > 1)
    @rule()
    def settle(self) -> None:
        for member in self.members:
            if member.asked and not member.answer:
                member.write(self.now)
            if member.answer:
                member.hear()
        for _ in range(4):
            for member in self.members:
                member.exchange(self.now)
        total, self.totals = self.totals[-1], self.totals[-1:]
        if any(until > self.now for until, _used in self.dead):
            return
        demand = sum(one.used + one.wants for one in self.members)
        standing = sum(max(one.held or 0, one.used) for one in self.members)
        assert standing >= min(total, demand), "what is there is used"
        assert sum(one.held or 0 for one in self.members) <= total
        leaders = [one for one in self.members if one.leads]
        assert len(leaders) == 1, "one finds out"
        first = max((one.priority for one in self.members if one.used + one.wants), default=0)
        level = [one for one in self.members if one.priority == first]
        if sum(one.used for one in self.members) <= sum(one.held or 0 for one in self.members) and all(
            one.used <= (one.held or 0) for one in self.members
        ):
            hungry = [one.held or 0 for one in level if one.used + one.wants > (one.held or 0)]
            others = [one.held or 0 for one in level]
            assert not hungry or min(hungry) >= max(others) - 1, "who wants more has no less than the others"


def test_whatever_processes_do_together_they_keep_what_there_is(ledger: Ledger, ledger_where: str) -> None:
    quick = "postgresql" not in str(ledger_where)
    machine = type("Machine", (Together,), {"ledger": ledger})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60 if quick else 20,
            stateful_step_count=60,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


def test_two_transactions_at_once_never_give_the_same_permit_twice(ledger: Ledger, ledger_where: str) -> None:
    with ExitStack() as opened, ThreadPoolExecutor(4) as threads:
        ledgers = [opened.enter_context(open_ledger(ledger_where)) for _ in range(4)]
        for number in range(12):
            limit = f"account-{number}"
            allow(ledger, limit, Allowed(6, (Rate(20, 60.0),)))
            members = [Member(one, limit, f"p{n}") for n, one in enumerate(ledgers)]
            for member in members * 3:
                member.exchange(T0)
            for member in members:
                member.wants = 9  # nobody has heard of it: whoever asks first may have all
            list(threads.map(lambda member: member.exchange(T0), members))
            assert 0 < sum(one.held or 0 for one in members) <= 6
            assert sum(budget for one in members for budget in one.budgets.values()) <= 20
            assert sum(one.leads for one in members) == 1


def test_who_joins_waits_for_room_and_who_was_alone_makes_it(ledger: Ledger) -> None:
    one, two = (Member(ledger, "account", name) for name in ("one", "two"))
    for member in (one, two):
        member.declared, member.wants = Allowed(8), 20
    assert one.exchange(T0).held == EVERYTHING
    one.used = 8
    assert two.exchange(T0).held == 0
    assert (one.exchange(T0).held, one.used) == (4, 8), "it has more in flight than it keeps to from now on"
    assert two.exchange(T0).held == 0, "what is in flight is not there for others"
    one.used = 4
    one.exchange(T0)
    assert two.exchange(T0).held == 4


def test_what_a_killed_process_held_is_free_when_its_lease_is_over_and_not_before(ledger: Ledger) -> None:
    one, two = (Member(ledger, "account", name) for name in ("one", "two"))
    for member in (one, two):
        member.declared, member.wants = Allowed(8), 20
    for _ in range(3):
        for member in (one, two):
            member.exchange(T0)
    assert (one.held, two.held) == (4, 4)
    assert two.exchange(T0 + LEASE - 0.1).held == 4
    assert two.exchange(T0 + LEASE).held == EVERYTHING


def test_who_was_alone_and_is_known_to_be_dead_keeps_nobody_waiting_but_for_what_it_had_sent(ledger: Ledger) -> None:
    host, _pid, _start, mark = new_owner().split(":")
    dead, two = Member(ledger, "account", f"{host}:4194304:1:{mark}"), Member(ledger, "account", new_owner())
    for member in (dead, two):
        member.declared, member.wants = Allowed(8), 20
    assert dead.exchange(T0).held == EVERYTHING
    dead.used = 3
    dead.exchange(T0)
    assert two.exchange(T0 + 0.1).held == 5
    assert two.exchange(T0 + LEASE).held == EVERYTHING


def test_whoever_goes_on_with_what_a_dead_process_had_sent_has_its_place(ledger: Ledger) -> None:
    host, _pid, _start, mark = new_owner().split(":")
    dead, mine = f"{host}:4194304:1:{mark}", new_owner()
    ask = Ask("account", 3, 9, found=FOUND, allowed=Allowed(8))
    Permits(ledger, dead).exchange([ask], T0)
    asked = ask._replace(used=2, adopted={process_of(dead): 2})
    heard = Permits(ledger, mine).exchange([asked], T0 + 1)["account"]
    assert (heard.elsewhere, heard.held) == (1, 7), "three of eight: two are here now, of one nobody knows"
    heard = Permits(ledger, mine).exchange([ask._replace(used=2, holds=7)], T0 + 2)["account"]
    assert (heard.elsewhere, heard.held) == (1, 7)


def test_what_a_killed_process_may_have_sent_of_a_rate_counts_and_no_more(ledger: Ledger) -> None:
    rate = Rate(64, 60.0)
    one, two = (Member(ledger, "account", name) for name in ("one", "two"))
    for member in (one, two):
        member.declared = Allowed(None, (rate,))
    one.wants = two.wants = 9
    granted = one.exchange(T0).budgets[rate].amount
    assert granted == 8, "an eighth of what is left: no more is lost"
    left = two.exchange(T0 + LEASE).budgets[rate].amount
    assert left == (64 - granted) / 8
    assert two.exchange(T0 + LEASE + 60).budgets[rate].amount == (64 - 0) / 8


def test_what_a_process_that_left_had_not_sent_is_there_at_once(ledger: Ledger) -> None:
    rate = Rate(60, 60.0)
    one, two = (Member(ledger, "account", name) for name in ("one", "two"))
    for member in (one, two):
        member.declared, member.wants = Allowed(None, (rate,)), 9
    one.exchange(T0)
    one.used = 1
    one.start(T0, 1.0)
    one.ask(T0)
    assert one.asked is not None
    one.permits.leave([one.asked[0]], T0)
    assert two.exchange(T0).budgets[rate].amount == (60 - 1) // 8


def test_a_steady_stream_does_not_stop_its_own_window(ledger: Ledger) -> None:
    rate = Rate(60, 60.0)
    one = Member(ledger, "account", "one")
    one.declared, one.wants = Allowed(None, (rate,)), 9
    sent, now = 0, T0
    while now < T0 + 600:
        one.exchange(now)
        while one.may(now, 1.0):
            one.start(now, 1.0)
            one.used, sent = 0, sent + 1
            one.wants = 9
        now += 0.25
    assert sent >= 0.95 * 600


def test_a_large_request_gets_room_for_itself(ledger: Ledger) -> None:
    rate = Rate(10, 60.0, Unit.IMAGES)
    members = [Member(ledger, "account", f"p{n}") for n in range(8)]
    now, started = T0, 0
    for _ in range(1000):
        for member in members:
            member.declared, member.wants = Allowed(None, (rate,)), 9
            member.exchange(now, needs=4.0)
            if member.may(now, 4.0):
                member.start(now, 4.0)
                started += 1
        now += 0.2
    assert started >= 6, "two a minute, however many share it"


def test_where_there_is_less_than_one_for_each_it_is_each_ones_turn(ledger: Ledger) -> None:
    members = [Member(ledger, "account", f"p{n}") for n in range(4)]
    had, now = set[str](), T0
    for _ in range(400):
        for member in members:
            member.declared, member.wants = Allowed(1), 5
            member.used = 0
            member.exchange(now)
            if member.held == 1:
                had.add(member.owner)
        now += 0.2
    assert len(had) == 4


def test_the_first_word_is_kept_until_who_leads_knows_better(ledger: Ledger) -> None:
    one, two = Permits(ledger, "one"), Permits(ledger, "two")
    ask = Ask("account", 0, 9, found=FOUND)
    assert one.exchange([ask], T0)["account"].leads
    other = two.exchange([ask._replace(found={**FOUND, "most": 3.0})], T0)["account"]
    assert (other.leads, other.found["most"]) == (False, 8.0)
    one.exchange([ask._replace(found={**FOUND, "most": 12.0})], T0)
    assert two.exchange([ask], T0)["account"].found["most"] == 12.0
    one.leave([ask._replace(found={**FOUND, "most": 13.0})], T0)
    assert two.exchange([ask], T0)["account"].leads
    two.leave([ask._replace(found={**FOUND, "most": 14.0})], T0)
    later = Permits(ledger, "later").exchange([ask], T0 + 10_000)["account"]
    assert later.found["most"] == 14.0 and later.leads, "remembered"


def test_who_has_no_work_does_not_lead_those_that_have(ledger: Ledger) -> None:
    one, two = Permits(ledger, "one"), Permits(ledger, "two")
    assert one.exchange([Ask("account", 1, 9, found=FOUND)], T0)["account"].leads
    assert not two.exchange([Ask("account", 0, 9, found=FOUND)], T0)["account"].leads
    assert not one.exchange([Ask("account", 0, 0, found=FOUND)], T0)["account"].leads
    assert two.exchange([Ask("account", 0, 9, found=FOUND)], T0)["account"].leads


def test_a_refusal_that_names_a_time_holds_for_all_and_is_told_once_to_who_leads(ledger: Ledger) -> None:
    one, two, three = (Permits(ledger, name) for name in ("one", "two", "three"))
    ask = Ask("account", 1, 9, found=FOUND)
    for permits in (one, two, three):
        permits.exchange([ask], T0)
    no = Refusal(T0 + 1, T0 + 31)
    two.exchange([ask._replace(refusals=(no,), taken=3)], T0 + 1)
    heard = three.exchange([ask], T0 + 1)["account"]
    assert (heard.paused, heard.told, heard.refusals) == (T0 + 31, True, ())
    leads = one.exchange([ask], T0 + 1)["account"]
    assert (leads.refusals, leads.taken) == ((no,), 3)
    assert one.exchange([ask], T0 + 1)["account"].refusals == ()
    one.exchange([ask._replace(paused=T0 + 40)], T0 + 1)
    assert three.exchange([ask], T0 + 1)["account"][7:9] == (T0 + 40, False), "how long who leads waits, all wait"


def test_a_machine_whose_clock_is_behind_waits_as_long_as_the_others(ledger: Ledger) -> None:
    ahead, behind = Permits(ledger, "ahead"), Permits(ledger, "behind")
    ask, slow = Ask("account", 1, 9, found=FOUND, allowed=Allowed(8)), 5.0
    ahead.exchange([ask], T0)
    behind.exchange([ask], T0 - slow)
    assert len(seen(ledger, T0)[0].owners) == 2
    told = ahead.exchange([ask._replace(refusals=(Refusal(T0 + 1, T0 + 31),))], T0 + 1)["account"]
    heard = behind.exchange([ask], T0 + 1 - slow)["account"]
    assert (told.paused, heard.paused) == (T0 + 31, T0 + 31 - slow)
    behind.exchange([ask._replace(refusals=(Refusal(T0 + 2 - slow, T0 + 62 - slow),))], T0 + 2 - slow)
    assert ahead.exchange([ask], T0 + 2)["account"].paused == T0 + 61, "off by as much as was not heard of the clock"


def test_a_clock_that_was_set_back_keeps_nobody_waiting_for_the_day_it_told(ledger: Ledger) -> None:
    wrong, rate = T0 + 40 * 86_400, Rate(4, 60.0)
    one, two = Permits(ledger, "one"), Permits(ledger, "two")
    ask = Ask("account", 1, 9, found=FOUND, allowed=Allowed(8, (rate,)))
    sent = {Unit.REQUESTS: [(wrong - 1.0, 4.0)]}
    one.exchange([ask._replace(sent=sent, refusals=(Refusal(wrong, wrong + 30),), budgets={rate: 0.0})], wrong)
    for seconds in (0.0, 3.0):
        heard = two.exchange([ask._replace(used=0)], T0 + seconds)["account"]
        assert (heard.paused, heard.elsewhere) == (T0 + 30, 1), "it is still what was said a moment ago"
        assert heard.budgets[rate].amount == 0
    heard = two.exchange([ask], T0 + LEASE)["account"]
    assert heard.alone
    heard = two.exchange([ask], T0 + 60)["account"]
    assert heard.budgets[rate].amount and heard.paused < T0 + 60, "all of it has passed, as ever"
