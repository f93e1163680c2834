"""What one account takes, found by asking it: how many requests in flight, and how many in a time.

Nobody declares what an account really takes; it shows when it refuses. Two things may be behind a refusal, and each has
its own cure::

    too many in flight    what stood when it refused is what it takes: hold that, and ask for one more now and then
    too many in a time    waiting heals it, whatever is in flight: keep a pace (`tempo`)

Which of the two it is, shows. A refusal that names a time is about time: a service does not know when a request of ours
will end. Of one that names none more than stood may be taken later although nothing has come back: time has healed it.

The rules that keep an account from being annoyed, and a run from standing still:

- Growth is quick while nothing was ever refused: every request that is taken makes room for one more, and from a first
  burst on every one that is worked on, as long as more in flight brings more back (`turnover`).
- Everything that was sent before a refusal was heard belongs to one episode, and an episode cuts once.
- Nobody asks before the time that a refusal named. Where it named none, the waits double from one second.
- Probing costs less than one request in a hundred, however long it goes on (`probes`).
- Where an account has a line of its own, only a little is kept in it (`line`).
- Server errors stop growth for a while, and cut nothing.

Pure: time comes in from outside, in seconds of any one clock, and nothing waits in here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from rushes.engine.line import OwnLine
from rushes.engine.probes import PATIENCE, Probes
from rushes.engine.tempo import Tempo
from rushes.engine.tickets import Sent, Tickets
from rushes.engine.turnover import ROUND, Turnover

START = 8
"""Requests in flight that an unknown account is trusted with: what the smallest plans of most services take."""

BACKOFF = 2700.0
"""The longest wait, in seconds, between two questions to an account that refuses everything and names no time."""

STEADY = 15.0
"""Seconds without growth after a server error."""

_BURST = ROUND  # in flight, beyond which being accepted is no sign that more would be worked on
_FULL = 0.9  # of what may be in flight is: what comes back then says how much the account does
_FELL = 3  # times less than stood is another account than before: what its fall cost is forgiven
_HALF = 0.5  # a sign, where it may as well be that less is taken than before
_SIGNS = 3  # signs that a refusal is about time, before a pace is kept
_SPARSE, _RARE = 200, 50  # requests taken since the last episode, and for each refused in it: more need no pace
_UNHEARD_OF = 1 / 16  # of what is in flight elsewhere may have come back, and nobody here knows
_QUOTA = 900.0  # seconds between two refusals, from which on it is a quota, to be used up and waited for


class Learned(NamedTuple):
    """What was found out, to be remembered: `free` says that nothing was ever refused for being too many at once."""

    most: float
    free: bool
    pace: float | None


class Finder:
    """One account, or one model at it. Every request that is sent has a ticket, until it is refused or has ended.

    `most` is the ceiling on what is in flight, `paused` the time before which nothing is sent, `told` whether the
    account named it. `elsewhere` is what other processes have in flight at the same account.
    """

    def __init__(self, start: float = START) -> None:
        self.most = float(start)
        self.tempo = Tempo()
        self.paused = -math.inf
        self.told = False
        self.elsewhere = 0
        self._tickets = Tickets()
        self._probes = Probes()
        self._line = OwnLine()
        self._turnover = Turnover()
        self._free = True  # nothing holds growth: never refused, or a pace guards it
        self._stood = 0  # the most that was in flight with one that was taken, since the last cut
        self._sure = 0  # the same, less those whose end was perhaps under way: so many it certainly takes
        self._cut_at = -math.inf
        self._came_back = True  # something has, since the last cut
        self._cutting = False  # the episode is about what is in flight: each refusal of it is one less that stood
        self._strikes = 0  # episodes since something was taken
        self._ill = math.inf  # when it could first recover; infinity where it has taken something that was sent since
        self._signs = 0.0  # of a limit in time
        self._sparse = False
        self._between = 0  # requests taken since the last episode
        self._lately = 0  # requests refused in it
        self._steady = -math.inf
        self._timed = False  # the episode may be about time

    @property
    def flying(self) -> int:
        """In flight, here and elsewhere."""
        return len(self._tickets) + self.elsewhere

    @property
    def pace(self) -> float | None:
        """Requests a second; None: any number."""
        return self.tempo.rate

    @property
    def learned(self) -> Learned:
        """What is worth remembering."""
        return Learned(self.most, self._free, self.pace)

    def recall(self, learned: Learned) -> None:
        """Go on from what was found out before."""
        self.most, self._free = max(1.0, learned.most), learned.free
        self._stood = math.floor(self.most)
        self.tempo.rate = learned.pace

    def opens(self, now: float) -> float:
        """When one more may be sent: `now` or before it is at once, infinity when something has come back."""
        self._hear_silence(now)
        if self._line.is_full(len(self._tickets)):
            return math.inf
        when, wait = max(self.paused, self.tempo.opens()), self._tickets.wait
        if not wait and (self.flying < math.floor(self.most) or self._may_try(now)):
            return when
        later = self._probes.trial(now) if not wait and self.flying <= self.most else math.inf
        return max(when, min(later, self._tickets.silence_ends))

    def sent(self, now: float) -> int:
        """One more is on its way; its ticket."""
        self._probes.begin(now)
        full = self.flying >= math.floor(self.most)
        ticket = self._tickets.send(now, self.flying + 1, self.tempo.sent(now))
        if full:
            self._probes.ticket = ticket
        self._turnover.sent(now)
        return ticket

    def adopted(self, now: float) -> int:
        """One that an earlier process had sent is there still: that says nothing of how many more are taken."""
        return self._tickets.adopt(now, self.flying + 1)

    def took(self, ticket: int, now: float) -> None:
        """The account has it, and has said so."""
        if self._tickets.says(ticket):
            self._took(ticket, now)

    def ended(self, ticket: int, now: float) -> None:
        """The account is done with it, one way or the other."""
        self._came_back = True
        if self._tickets.ends(ticket):
            self._took(ticket, now)
        if ticket in self._tickets:
            self._count_back(now)
            if self._line.ends(ticket):
                self._worked_on(ticket, now)
        self._tickets.forget(ticket)

    def queued(self, ticket: int, waits: bool, now: float) -> None:
        """What the account says of a request that it has: it waits in a line of its own, or somebody works on it."""
        if ticket not in self._tickets:
            return
        if waits:
            self._line.waits(ticket)
            self.most = max(1.0, min(self.most, self._line.most(self.flying)))
            return
        if self._line.works(ticket):
            self._worked_on(ticket, now)
        if self._free and self._line.told:
            self.most = max(self.most, self._line.least)

    def lost(self, ticket: int) -> None:
        """It never got there: neither taken nor refused."""
        self._forget(ticket)

    def erred(self, now: float) -> None:
        """The service has trouble of its own: nothing grows until that is over."""
        self._steady = now + STEADY

    def pause(self, until: float) -> None:
        """Send nothing before that time: the account said so."""
        if until > self.paused:
            self.paused, self.told = until, True

    def refused(self, ticket: int, now: float, until: float | None) -> None:
        """It was too much. `until` is when the account may be asked again, where it said so."""
        tried = self._probes.ticket == ticket
        sent = self._forget(ticket)
        if sent is None:
            return
        self._tickets.refused()
        self._probes.refused(now)
        if until is not None:
            self.pause(until)
        if sent.at <= self._cut_at:  # on its way when we heard of the first
            self._lately += 1
            if self._cutting:
                self._hold_at(self.flying)
            return
        quota = math.isfinite(self._cut_at) and now - self._cut_at > _QUOTA
        self._cut_at, self._strikes, self._came_back = now, self._strikes + 1, False
        self._probes.cut()
        if tried:
            self._tried_in_vain(sent, now)
        else:
            self._episode(now, quota, until is not None, sent)

    def _tried_in_vain(self, sent: Sent, now: float) -> None:
        """What stood before stands; the next probe comes later."""
        self._hold_at(sent.level - 1)
        self._cutting = True
        self._probes.in_vain(now, max(0.0, self.paused - now))

    def _episode(self, now: float, quota: bool, named: bool, sent: Sent) -> None:
        """The account has begun to refuse what it should have taken: find out why, and cut once."""
        again = self._strikes > 1
        self._timed = named or self._tickets.surely(sent) + self.elsewhere * _UNHEARD_OF <= self._sure
        self._wait(now)
        self._ill = min(self._ill, self.paused)  # who speaks of others' requests may speak of them late
        if not again and self._timed:
            self.tempo.refused(sent.held, self.paused - now, now, self._tickets.taken)
        self._cutting = not again and not named and self._is_full
        self._tickets.one_first()
        if again:  # still the same trouble: what is in flight now is only what the waiting has left
            if self.elsewhere and self._timed and self.pace is None:  # it is less than it surely takes, of all of us
                self._sign(now)
            return
        self._sparse = quota or self._between >= max(_SPARSE, _RARE * self._lately)
        self._between, self._lately = 0, 1
        if self.pace is None and self._timed:
            self._sign(now, _SIGNS if named else _HALF if self._cutting else 1.0)
        cut = not named and (self.pace is None or self._cutting)
        self._probes.forgive(cut and self.flying * _FELL < self._stood)
        if cut:
            self._hold_at(self.flying)
        self._probes.watch(now if self.pace is None else math.inf)

    @property
    def _is_full(self) -> bool:
        """Whether what is in flight may be why: as much as ever was, or it was just tried out."""
        paced = self.pace is not None  # then growth is quick, and one more than stood is no surprise
        return self.flying + paced >= self._stood or self._tickets.are_few

    def _sign(self, now: float, signs: float = 1.0) -> None:
        """It named a time, refused what it had taken before, or took what it had refused while nothing came back."""
        self._signs += signs
        if self._signs >= _SIGNS and not self._sparse:
            self.tempo.keep(now)
        if self.pace is not None:
            self._free = True
            self._probes.stop_watching()
            self._signs = 0

    def _wait(self, now: float) -> None:
        """Where the account named no time: from one second, or from the time of two requests, doubled."""
        if self.paused > now:
            return
        first = 1.0 if self.pace is None else 2.0 / self.pace
        self.paused, self.told = now + min(BACKOFF, max(0.25, first) * 2.0 ** (self._strikes - 1)), False

    def _hold_at(self, level: float) -> None:
        self.most = max(1.0, level)
        self._stood = math.floor(self.most)
        self._sure = min(self._sure, self._stood)
        self._free = False

    def _may_try(self, now: float) -> bool:
        """Whether one more than `most` may be sent, to see what becomes of it."""
        if self.flying > self.most or (self._free and self.pace is None) or now < self._steady:
            return False
        return self._probes.may_go(now)

    def _took(self, ticket: int, now: float) -> None:
        sent = self._tickets.took(ticket)
        self._probes.took()
        self._between += 1
        self._strikes = 0
        if sent.at >= self._ill:  # what was on its way when it began says nothing of now
            self._ill = math.inf
            if self._timed and not self._sparse:
                self.tempo.healed(now, self._tickets.taken - 1)
        self._stood = max(self._stood, sent.level)
        self._sure = max(self._sure, self._tickets.surely(sent))
        if sent.held:
            self.tempo.took(now, self._tickets.taken)
        if ticket == self._probes.ticket:
            self._tried_well(now)
        elif self._may_grow(sent.level, now):
            if self.most < _BURST and not self._line.told:
                self.most += 1.0
        elif self._probes.since > 4 * self.most + PATIENCE:
            self._signs = 0  # so many at this level: it is about what is in flight

    def _may_grow(self, level: int, now: float) -> bool:
        return self._free and now >= self._steady and level * 2 > self.most

    def _worked_on(self, ticket: int, now: float) -> None:
        """Somebody works on it, or has: there may be room for one more."""
        if not self._may_grow(self._tickets[ticket].level, now):
            return
        if self._turnover.grows and (self.most >= _BURST or self._line.told):
            self.most += 1.0

    def _count_back(self, now: float) -> None:
        if self.flying >= self.most * _FULL:
            self._turnover.ended(now, self.flying)
        else:
            self._turnover.idle()

    def _tried_well(self, now: float) -> None:
        """One more than stood was taken: grow by a step, and by a larger one the next time."""
        self.most = max(self.most + self._probes.step, self._stood)
        self._probes.well(self.most)
        if not self._came_back and not self.elsewhere and self.pace is None:  # nobody says what came back elsewhere
            self._sign(now)

    def _hear_silence(self, now: float) -> None:
        while (ticket := self._tickets.silent(now)) is not None:
            self._took(ticket, now)

    def _forget(self, ticket: int) -> Sent | None:
        """It is not there any more; how it had been sent, where that was known."""
        self._line.ends(ticket)
        if self._probes.ticket == ticket:
            self._probes.ticket = None
        return self._tickets.forget(ticket)
