"""The ledger: append what happened, read back what is known. One set of queries for both databases.

An append is one transaction with everything that follows from it: the events, the results they are, the claims they
end, the state the run has then. So no reader ever sees half of a fact, and a crash leaves all of it or none.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rushes.errors import NotFound, StoreError
from rushes.ledger.accounts import ACCOUNTS, Account, Till, accounts_of, ceilings_of, set_ceilings
from rushes.ledger.claims import HOLDERS, Unsent, beat, holders_of, is_alive, leave_claims, take_claims
from rushes.ledger.database import Args, Database, Row, Transaction, safe_text
from rushes.ledger.entry import Batch, Entry, Holder
from rushes.ledger.group import numbered, release, write_group
from rushes.ledger.journal import Journal
from rushes.ledger.project import STATEMENTS, knobs_after, rows_of, state_after, to_json
from rushes.ledger.rows import (
    RESULT_COLUMNS,
    RUN_COLUMNS,
    artifacts_of,
    decision_of,
    entry_of,
    record_of,
    record_to_text,
    results_of,
)
from rushes.model.claim import SHUT_OFF, Claim
from rushes.model.collector import collector_off
from rushes.model.event import Event, Released, Reserved, Told, to_plain
from rushes.model.ids import AttemptId, BaseKey, Digest, NodeId, RequestKey, RunId
from rushes.model.media import Artifact
from rushes.model.result import Result
from rushes.model.run import SHUT, RunOptions, RunRecord, RunState
from rushes.model.verdict import Decision

if TYPE_CHECKING:
    from rushes.ledger.stats import Moment, RunSeen

Look = Callable[[Sequence[Entry], str | None], None]
Say = Callable[[RunState, str | None], Sequence[Told]]

_TOLD = "SELECT seq, at, kind, body FROM events WHERE run = ? AND seq > ? AND seq <= ? AND kind = ? ORDER BY seq"
_EVENT = "INSERT INTO events (run, seq, at, kind, body) VALUES (?, ?, ?, ?, ?)"


class Ledger:
    """Every run, event, result, decision and claim of one home. Safe in several threads and processes at once.

    Everything raises StoreError when the database cannot do its work.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    @property
    def where(self) -> str:
        """The file, or the server and database, without any password."""
        return self._db.where

    @property
    def database(self) -> Database:
        """What it is kept in: for the pages of this room that read or write beside the runs (`pins`, `survey`)."""
        return self._db

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    # runs

    def create_run(self, run: RunRecord) -> None:
        """Add a run; StoreError when its id is taken."""
        row = (
            run.id,
            safe_text(run.workflow),
            safe_text(run.file),
            str(run.state),
            run.created,
            run.updated or run.created,
            record_to_text(run),
        )
        added = self._db.write(
            lambda tx: tx.run(
                "INSERT INTO runs (id, workflow, file, state, owner, last_seq, created, updated, record)"
                " VALUES (?, ?, ?, ?, NULL, 0, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                row,
            )
        )
        if not added:
            raise StoreError(f"there is already a run {run.id} in {self.where}")

    def set_options(self, run_id: RunId, options: RunOptions) -> None:
        """Keep what the run is driven with from now on."""
        record = dataclasses.replace(self.run(run_id), options=options)
        self._db.write(lambda tx: tx.run("UPDATE runs SET record = ? WHERE id = ?", (record_to_text(record), run_id)))

    def run(self, run_id: RunId) -> RunRecord:
        """The run with this id or this unique beginning of one; NotFound names what is near."""
        rows = self._db.read(f"SELECT {RUN_COLUMNS} FROM runs WHERE id = ?", (safe_text(run_id),))  # noqa: S608
        if not rows and run_id:
            rows = self._db.read(
                f"SELECT {RUN_COLUMNS} FROM runs WHERE substr(id, 1, ?) = ? ORDER BY created DESC, id DESC",  # noqa: S608
                (len(run_id), safe_text(run_id)),
            )
        if len(rows) == 1:
            return record_of(rows[0])
        if rows:
            raise NotFound(
                f"{len(rows)} runs begin with {run_id!r}: {_listed([row[0] for row in rows])}",
                next_step="give more of the id",
            )
        raise self._no_such_run(run_id)

    def _no_such_run(self, run_id: str) -> NotFound:
        ids = [row[0] for row in self._db.read("SELECT id FROM runs ORDER BY created DESC, id DESC LIMIT 500")]
        near = difflib.get_close_matches(run_id, ids, n=3, cutoff=0.5) or ids[:3]
        hint = f"did you mean {_listed(near)}?" if near else "there are no runs yet: start one with rushes run FILE"
        return NotFound(f"there is no run {run_id!r} in {self.where}", next_step=hint)

    def runs(self, *, workflow: str | None = None, file: str | None = None, limit: int = 50) -> list[RunRecord]:
        """Runs, newest first, of one workflow or one file if asked."""
        wheres, args = ["1 = 1"], list[Any]()
        for column, value in (("workflow", workflow), ("file", file)):
            if value is not None:
                wheres.append(f"{column} = ?")
                args.append(safe_text(value))
        rows = self._db.read(
            f"SELECT {RUN_COLUMNS} FROM runs WHERE {' AND '.join(wheres)}"  # noqa: S608 - constants above
            " ORDER BY created DESC, id DESC LIMIT ?",
            (*args, limit),
        )
        return [record_of(row) for row in rows]

    def take_run(self, run_id: RunId, owner: str, at: float) -> str | None:
        """Become the one process that drives the run: None, or the name of the live owner that does.

        What an earlier owner had sent is claimed by the new one; what it had only reserved is free again.
        """

        def take(tx: Transaction) -> str | None:
            row = self._locked(tx, run_id, at)
            if row[2] is not None and row[2] != owner and is_alive(tx, row[2], at):
                return str(row[2])
            beat(tx, {owner: at})
            self._release(tx, take_claims(tx, run_id, owner), at)
            tx.run("UPDATE runs SET owner = ?, state = ? WHERE id = ?", (owner, str(RunState.RUNNING), run_id))
            return None

        return self._db.write(take)

    def leave_run(self, run_id: RunId, owner: str, state: RunState, at: float) -> None:
        """Stop driving the run; what was reserved and never sent is free again, what was sent is nobody's until the run
        is driven again. Nothing if another owner has it."""

        def leave(tx: Transaction) -> None:
            if self._locked(tx, run_id, at)[2] == owner:
                self._release(tx, leave_claims(tx, run_id, owner), at)
                tx.run("UPDATE runs SET owner = NULL, state = ? WHERE id = ?", (str(state), run_id))

        self._db.write(leave)

    def beat(self, owner: str, at: float) -> None:
        """Say that an owner lives."""
        self._db.write(lambda tx: beat(tx, {owner: at}))

    def dead(self, owner: str, at: float) -> bool:
        """Whether an owner can act no more: its process is gone, or, on another host, silent for 30 s."""
        return not is_alive(self._db, owner, at)

    def holders(self, keys: Sequence[RequestKey], at: float) -> dict[RequestKey, Holder]:
        """Who holds the claim of each request that is claimed."""
        return holders_of(self._db, self._for(HOLDERS, keys), at)

    def claimants(self) -> list[str]:
        """The owners of requests that are under way, alive or not."""
        rows = self._db.read("SELECT DISTINCT owner FROM claims WHERE stage <> 'unknown' ORDER BY owner")
        return [row[0] for row in rows]

    def doubtful(self) -> list[tuple[RunId, AttemptId]]:
        """The attempts that were sent and have no end yet, those in doubt among them, of every run."""
        rows = self._db.read("SELECT run, attempt FROM claims WHERE stage <> 'reserved' ORDER BY run, attempt")
        return [(RunId(run), AttemptId(attempt)) for run, attempt in rows]

    def append_if(self, run_id: RunId, events: Sequence[Event], at: float, look: Look) -> None:
        """Write events if `look` lets them: it is handed the run's entries and its live owner, and raises if not.

        Look and writing are one transaction, so nothing comes between them.
        """

        def write(tx: Transaction) -> None:
            last, workflow, owner, _state = self._locked(tx, run_id, at, len(events))
            rows = tx.read("SELECT seq, at, kind, body FROM events WHERE run = ? ORDER BY seq", (run_id,))
            look([entry_of(*row) for row in rows], owner if owner and is_alive(tx, owner, at) else None)
            written = write_group(tx, run_id, [Batch(at, tuple(events))], owner or "", self._db.list_of)
            self._write_entries(tx, run_id, workflow, numbered(written.batches, last))

        self._db.write(write)

    # events

    def events(self, run_id: RunId, after: int = 0) -> list[Entry]:
        """The run's entries with a number above `after`, in order."""
        return list(Journal(self._db, run_id, after))

    def journal(self, run_id: RunId) -> Journal:
        """The run's entries, for walks over as many as there are."""
        return Journal(self._db, run_id)

    def tell(self, run_id: RunId, say: Say, at: float) -> list[Told]:
        """Tell a run something: `say` is handed its state and its live owner, and answers what, or raises.

        Look and writing are one transaction. Nothing that happened in the run is read: however large it is, the process
        that drives it is not held up.
        """

        def write(tx: Transaction) -> list[Told]:
            _last, _workflow, owner, state = self._locked(tx, run_id, at)
            words = say(RunState(state), owner if owner and is_alive(tx, owner, at) else None)
            last, workflow, _owner, _state = self._locked(tx, run_id, at, len(words))
            self._write_entries(tx, run_id, workflow, numbered([Batch(at, tuple(words))], last))
            return list(words)

        return self._db.write(write)

    def told(self, after: Mapping[RunId, int]) -> dict[RunId, tuple[int, list[Told]]]:
        """What runs were told after the entries with these numbers: the number of the newest entry and the words, for
        each run in which anything was written since.

        Made to be asked many times a second: what was read before is not read again.
        """
        found: dict[RunId, tuple[int, list[Told]]] = {}
        for run, last in self._for("SELECT id, last_seq FROM runs WHERE id IN (??)", after):
            if last > after[run]:
                rows = self._db.read(_TOLD, (run, after[run], last, Told.__name__))
                words = (entry_of(*row).event for row in rows)
                found[run] = last, [word for word in words if isinstance(word, Told)]
        return found

    def append(self, run_id: RunId, events: Sequence[Event], at: float) -> None:
        """Write events, and all that follows from them, in one transaction; on disk when this returns."""
        self.commit(run_id, [Batch(at, tuple(events))])

    def reserve(self, run_id: RunId, event: Reserved, owner: str, at: float) -> Claim:
        """Claim a request, hold its worst case and write its `Reserved`, or do nothing and say why.

        Taken when a live owner holds the key, when its outcome is unknown, or when its result is already there.
        A dead owner's claim is taken over at once if nothing had been sent for it; if something had, by its own run
        only, which knows how to ask about it, or where asking twice is harmless. Short when a ceiling of the run does
        not allow the worst case, or the price is unknown under one.
        """
        return self.commit(run_id, [Batch(at, (event,), claim=True)], owner)[0]

    def commit(self, run_id: RunId, batches: Sequence[Batch], owner: str | None = None) -> list[Claim]:
        """Write everything that waits in one transaction; says for each batch whether it was written (won).

        With `owner`, StoreError when another owner drives the run by now: what it believes is no longer true. What
        would begin a paid call is not written while the run is told to begin none: whoever told it so has the ledger's
        word that nothing begins later.
        """

        def write(tx: Transaction) -> list[Claim]:
            count = sum(len(b.events) for b in batches)
            last, workflow, driver, state = self._locked(tx, run_id, batches[-1].at, count)
            if owner is not None and driver is not None and driver != owner:
                raise StoreError(
                    f"run {run_id} is driven by {driver} now, no longer by this process",
                    next_step=f"see rushes status {run_id}",
                )
            shut = state in SHUT
            let = [batch for batch in batches if not (shut and batch.sends)]
            written = write_group(tx, run_id, let, owner or "", self._db.list_of)
            self._write_entries(tx, run_id, workflow, numbered(written.batches, last))
            self._journal_released(tx, written.unsent, batches[-1].at)
            answers = iter(written.answers)
            return [SHUT_OFF if shut and batch.sends else next(answers) for batch in batches]

        return self._db.write(write) if batches else []

    def _release(self, tx: Transaction, unsent: Sequence[Unsent], at: float) -> None:
        """What was reserved and never sent: the money comes back, and its run's journal says so."""
        if unsent:
            till = Till(tx, unsent[0].run, self._db.list_of)
            release(till, unsent)
            till.write()
            self._journal_released(tx, unsent, at)

    def _journal_released(self, tx: Transaction, unsent: Sequence[Unsent], at: float) -> None:
        for run, many in groupby(sorted(unsent), key=itemgetter(0)):
            events = tuple(Released(attempt=one.attempt) for one in many)
            last, workflow, _driver, _state = self._locked(tx, run, at, len(events))
            self._write_entries(tx, run, workflow, numbered([Batch(at, events)], last))

    def _write_entries(self, tx: Transaction, run_id: RunId, workflow: str, entries: list[Entry]) -> None:
        tx.run_many(_EVENT, [(run_id, seq, at, type(e).__name__, to_json(to_plain(e))) for seq, at, e in entries])
        for table, rows in rows_of(run_id, workflow, entries).items():
            if rows:
                tx.run_many(STATEMENTS[table], rows)
        state = state_after(entry.event for entry in entries)
        if state is not None:
            tx.run("UPDATE runs SET state = ? WHERE id = ?", (str(state), run_id))
        if any(isinstance(entry.event, Told) for entry in entries):
            tx.notify()
        knobs = knobs_after(entry.event for entry in entries)
        if knobs:
            record = record_of(tx.read(f"SELECT {RUN_COLUMNS} FROM runs WHERE id = ?", (run_id,))[0])  # noqa: S608
            turned = dataclasses.replace(record, options=dataclasses.replace(record.options, **knobs))
            tx.run("UPDATE runs SET record = ? WHERE id = ?", (record_to_text(turned), run_id))

    def _locked(self, tx: Transaction, run_id: RunId, at: float, count: int = 0) -> Row:
        """Take `count` numbers and with them the run's row: two writers of one run go one after the other."""
        if not tx.run("UPDATE runs SET last_seq = last_seq + ?, updated = ? WHERE id = ?", (count, at, run_id)):
            raise NotFound(f"there is no run {run_id!r} in {self.where}", next_step="see rushes runs")
        rows = tx.read("SELECT last_seq, workflow, owner, state FROM runs WHERE id = ?", (run_id,))
        last, workflow, owner, state = rows[0]
        return last - count, workflow, owner, state

    # money

    def set_ceilings(self, run_id: RunId, ceilings: Mapping[str, Decimal]) -> None:
        """Put a run under these ceilings (USD by scope), in place of those it was under.

        A ceiling on a bare kind (`day`) holds for each account of that kind. It binds the claims of this run; what
        counts under it is everything in the account, whichever run or process spends it.
        """
        self._db.write(lambda tx: set_ceilings(tx, run_id, ceilings))

    def ceilings(self, run_id: RunId) -> dict[str, Decimal]:
        """The ceilings that a run is under, in USD by scope."""
        return ceilings_of(self._db, run_id)

    def accounts(self, scopes: Sequence[str]) -> dict[str, Account]:
        """What is held in each of these scopes and spent from it; a scope that nobody used is empty."""
        found = accounts_of(self._for(ACCOUNTS, {safe_text(scope) for scope in scopes}))
        return {scope: found.get(safe_text(scope), Account()) for scope in scopes}

    # what is known

    def results(self, bases: Sequence[BaseKey]) -> dict[BaseKey, list[Result]]:
        """The stored results of each question that has any, by candidate and salt."""
        sql = f"SELECT {RESULT_COLUMNS} FROM results WHERE base IN (??) ORDER BY base, candidate, salt"  # noqa: S608
        with collector_off():
            return results_of(self._for(sql, bases))

    def decisions(self, bases: Sequence[BaseKey]) -> dict[BaseKey, list[Decision]]:
        """All decisions about each question that has any, oldest first."""
        found: dict[BaseKey, list[Decision]] = {}
        for subject, at, body in self._for(
            "SELECT subject, at, body FROM decisions WHERE subject IN (??) ORDER BY at, run, seq", bases
        ):
            found.setdefault(subject, []).append(decision_of(at, body))
        return found

    def recipes(self, bases: Sequence[BaseKey]) -> dict[BaseKey, dict[str, Any]]:
        """What was asked, for each question that was ever answered."""
        rows = self._for("SELECT base, body FROM recipes WHERE base IN (??)", bases)
        return {base: json.loads(body) for base, body in rows}

    def recipes_of(self, op: str, provider: str, model: str) -> dict[BaseKey, dict[str, Any]]:
        """What one model was ever asked for one kind of work, and answered."""
        # a body is written in one order, whatever wrote it (`Recipe.plain`)
        start = to_json({"op": op, "provider": provider, "model": model})[:-1] + ","
        rows = self._db.read("SELECT base, body FROM recipes WHERE substr(body, 1, ?) = ?", (len(start), start))
        with collector_off():
            return {base: json.loads(body) for base, body in rows}

    def made_for(self, digest: str) -> list[tuple[BaseKey, Digest]]:
        """The questions that were answered with bytes whose digest begins so."""
        sql = "SELECT DISTINCT base, digest FROM results WHERE substr(digest, 1, ?) = ? ORDER BY base, digest"
        return [(base, found) for base, found in self._db.read(sql, (len(digest), digest))]

    def artifacts(self, digests: Sequence[Digest]) -> dict[Digest, Artifact]:
        """The media facts of each artifact that any run stored."""
        return artifacts_of(
            self._for(
                "SELECT digest, media_type, size, width, height, seconds FROM artifacts WHERE digest IN (??)", digests
            )
        )

    def asked(self, workflow: str, places: Sequence[tuple[NodeId, int]]) -> dict[tuple[NodeId, int], BaseKey]:
        """The question that each (node, row) of a workflow asked last time."""
        name = safe_text(workflow)
        if not self._db.read("SELECT 1 FROM asked WHERE workflow = ? LIMIT 1", (name,)):
            return {}  # it never ran: not one of its places, be they ever so many, need be looked for
        rows = self._for(
            "SELECT node, place_row, base FROM asked WHERE workflow = ? AND node IN (??)",
            {safe_text(node) for node, _row in places},
            name,
        )
        last = {(node, row): base for node, row, base in rows}
        return {place: last[key] for place in places if (key := (safe_text(place[0]), place[1])) in last}

    def moments(self, since: float) -> Iterator[tuple[RunSeen, Iterator[Moment]]]:
        """For statistics: each run in which anything happened since then (unix seconds), and its entries in order."""
        from rushes.ledger.stats import moments, runs_since  # for whoever asks for statistics

        for run in runs_since(self._db, since):
            yield run, moments(self._db, run.id)

    def spent_by(self, attempts: Sequence[str]) -> dict[str, Decimal]:
        """What these attempts were charged, in USD; the worst case where nobody said how much."""
        from rushes.ledger.stats import spent

        return spent(self._db, attempts)

    def durations(self, provider: str, model: str) -> list[float]:
        """How long recent results of a model version took, in seconds, the shortest first: `TIMING_SLOTS` at most."""
        sql = "SELECT seconds FROM timings WHERE provider = ? AND model = ? ORDER BY seconds"
        return [seconds for (seconds,) in self._db.read(sql, (safe_text(provider), safe_text(model)))]

    # notes that save work; losing them costs time only

    def memo(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """What was noted under these keys."""
        found: dict[str, str] = dict(
            self._for(
                "SELECT name, body FROM memos WHERE kind = ? AND name IN (??)", {safe_text(k) for k in keys}, kind
            )
        )
        return {key: found[name] for key in keys if (name := safe_text(key)) in found}

    def memoize(self, kind: str, values: Mapping[str, str]) -> None:
        """Note values, in place of what was there."""
        rows = sorted((kind, safe_text(key), value) for key, value in values.items())
        if rows:
            self._db.write(
                lambda tx: tx.run_many(
                    "INSERT INTO memos (kind, name, body) VALUES (?, ?, ?)"
                    " ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body",
                    rows,
                )
            )

    def _for(self, sql: str, values: Iterable[str], *before: str) -> list[Row]:
        many = list(values)
        args: Args = (*before, self._db.list_of(many))
        return self._db.read(sql, args) if many else []


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
