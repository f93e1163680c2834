"""When one more than stood is sent to an account, to see what becomes of it.

A probe that is refused is a request refused, so it must be earned: so many requests that are taken earn a token, a
refusal of any kind costs one, and a probe needs one. So probing costs less than one request in a hundred, however long
it goes on. A probe that is taken brings the next at once, and a larger step; one that is refused puts the next off.

Pure: time comes in from outside, in seconds of any one clock.
"""

from __future__ import annotations

import math

TOKEN = 140
"""Requests taken that earn one refusal."""

TOKENS = 30.0
"""So many refusals may be saved up, for an account that changes."""

WARM = 60.0
"""Seconds from the first request in which refusals are free: somewhere one has to begin."""

PATIENCE = 16
"""Requests taken between two probes at least."""

_MOST_PATIENCE = 256  # the same at most: doubled by each that is refused
_WORTH = 40.0  # a refused probe that paused the account is not repeated before so many times that pause
_FORGIVEN = 1.0  # tokens owed at most for the fall of an account


class Probes:
    """The probes of one account, and the tokens that pay for them.

    `ticket` is that of a probe on its way, `since` how many requests were taken since the last cut, `step` by how much
    to grow where a probe is taken.
    """

    def __init__(self) -> None:
        self.ticket: int | None = None
        self.since = 0
        self.step = 1.0
        self._began = math.inf
        self._trial_at = math.inf  # when one is due, to see whether time alone has healed it
        self._trial_wait = 1.0
        self._patience = PATIENCE
        self._not_before = -math.inf
        self._tokens = 0.0
        self._debt = math.inf  # tokens that may be owed at most

    def begin(self, now: float) -> None:
        """A request goes: the first begins the time in which refusals are free."""
        self._began = min(self._began, now)

    def may_go(self, now: float) -> bool:
        """Whether one may be sent."""
        if self.ticket is not None or now < self._not_before:
            return False
        if self.step > 1.0:  # the last one was taken: on
            return True
        return self._earned(now) and (now >= self._trial_at or self.since >= self._patience)

    def trial(self, now: float) -> float:
        """When one is due whatever is taken until then; infinity: not at all."""
        return self._trial_at if self._earned(now) else math.inf

    def _earned(self, now: float) -> bool:
        return self._tokens >= 1.0 or now - self._began < WARM

    def took(self) -> None:
        """A request was taken."""
        self.since += 1
        self._tokens = min(TOKENS, self._tokens + 1.0 / TOKEN)

    def refused(self, now: float) -> None:
        """A request was refused."""
        if now - self._began > WARM:
            self._tokens = max(self._tokens - 1.0, -self._debt)

    def cut(self) -> None:
        """A new episode: what was tried before says nothing any more."""
        self.since, self.step = 0, 1.0

    def well(self, most: float) -> None:
        """It was taken, and what may be in flight is so much now: the next step is larger."""
        self.ticket = None
        self.step = max(1.5, min(self.step * 2.0, most / 8.0))
        self._patience = max(PATIENCE, self._patience // 2)

    def in_vain(self, now: float, cost: float) -> None:
        """It was refused, and the account shut for so many seconds: the next comes later."""
        self._patience = min(_MOST_PATIENCE, self._patience * 2)
        self._not_before = now + _WORTH * cost
        self._trial_wait *= 2.0
        self._trial_at = max(now + self._trial_wait, self._not_before)

    def forgive(self, fell: bool) -> None:
        """An episode; in one in which the account `fell` to much less than stood, what that cost is forgiven."""
        self._debt = _FORGIVEN if fell else math.inf
        self._tokens = max(self._tokens, -self._debt)

    def watch(self, now: float) -> None:
        """See whether time alone heals it: a second from then, then after two, and so on; infinity: not at all."""
        self._trial_wait = 1.0
        self._trial_at = now + self._trial_wait

    def stop_watching(self) -> None:
        """It is known that time heals it."""
        self._trial_at = math.inf
