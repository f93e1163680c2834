"""Where everything is wired: the home with its ledger and store, the catalogue, the providers that a command names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rushes.app.config import Config, load_config
from rushes.app.keys import Keys
from rushes.app.limit_names import limit_named
from rushes.app.plugins import all_checks, provider_named
from rushes.app.rooms import room_of
from rushes.assets.local import LocalStore
from rushes.catalogue.endpoints import takes_at
from rushes.catalogue.load import Catalogue
from rushes.errors import ConfigError, StoreError, UserError
from rushes.ledger.ear import Ear
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.ids import RunId
from rushes.model.limit import Allowed
from rushes.plugin.access import Access, Secret
from rushes.plugin.check import Check
from rushes.plugin.provider import Provider
from rushes.plugin.takes import Takes

if TYPE_CHECKING:
    from rushes.catalogue.snapshot import Seen
    from rushes.engine.limits import Accounts
    from rushes.engine.share import Share

DEFAULT_PROVIDER = "sketch"
"""What runs when nobody says otherwise: offline, free, and said to be so."""


class Project:
    """One opened home. A context manager; everything in it is opened when first used and closed at the end.

    `providers` are given by hand under their names; others are loaded when named. `checks` replace the usual ones.
    `limit` is the name, and the ceiling in USD, of an account that everything bought through this object counts under;
    `driven` how many runs are being driven through it, `at_once` the most requests that they have in flight together.
    `told_limits` is what the project file allows of an account (`fal`) or a model at it (`fal/flux_dev`).
    `unasked` is what each run through it may cost, or has cost, that nobody was asked about: USD, see `app/consent.py`.
    """

    def __init__(
        self,
        config: Config,
        providers: Mapping[str, Provider] | None = None,
        checks: Sequence[Check] | None = None,
    ) -> None:
        self.config = config
        self._providers: dict[str, Provider] = dict(providers or {})
        self._checks = checks
        self._remote: set[str] = set()
        self.limit: tuple[str, Decimal] | None = None
        self.driven = 0
        self.unasked: dict[RunId, Decimal] = {}
        self.at_once: int | None = None
        self._simulator = config.sim.value
        self.told_limits = self._told_limits()
        self.usual: str | None = None
        """Who is asked where neither flags, settings nor the file name anybody; None: the offline painter."""

    @classmethod
    def open(cls, near: Path, **flags: object) -> Project:
        """The project for a folder. `flags` are those of the command line: home, provider, concurrency, ..."""
        return cls(load_config(near, flags))

    def __enter__(self) -> Project:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if "ledger" in self.__dict__:
            self.ledger.close()
        if "store" in self.__dict__:
            self.store.close()

    def beside(self, folder: Path) -> Project:
        """The project of another folder, with the settings that lie there and the ledger and store of this one."""
        mine = {"home": str(self.config.home.value), "ledger": self.config.ledger.value}
        other = Project(load_config(folder, mine), self._providers, self._checks)
        other.ledger, other.store, other.ear = self.ledger, self.store, self.ear
        return other

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of this home."""
        self._make_home()
        return open_ledger(self.config.ledger.value)

    @cached_property
    def ear(self) -> Ear:
        """Who hears what the runs of this project are told."""
        return Ear(self.ledger)

    @cached_property
    def store(self) -> LocalStore:
        """The blobs of this home."""
        self._make_home()
        return LocalStore(self.config.home.value / "store")

    @cached_property
    def catalogue(self) -> Catalogue:
        """What is known about models; newer where services have been asked themselves (`rushes models refresh`)."""
        known = Catalogue.default()
        if not self._seen:
            return known
        from rushes.catalogue.snapshot import models_as_seen

        return Catalogue(models_as_seen(iter(known.models()), self._seen))

    @property
    def snapshots(self) -> Path:
        """The folder with what services said about themselves."""
        return self.config.home.value / "catalogue"

    @cached_property
    def _seen(self) -> dict[str, dict[str, Seen]]:
        if not self.snapshots.is_dir():
            return {}
        from rushes.catalogue.snapshot import read_snapshot  # for those who have asked

        return {path.stem: read_snapshot(self.snapshots, path.stem) for path in self.snapshots.glob("*.json")}

    def _takes(self, provider: str, endpoint: str) -> Takes | None:
        takes = takes_at(provider, endpoint)
        seen = self._seen.get(provider, {}).get(endpoint)
        if takes is None or seen is None:
            return takes
        from rushes.catalogue.snapshot import takes_as_seen

        return takes_as_seen(takes, seen)

    @property
    def scratch(self) -> Path:
        """A folder for temporary files of providers."""
        path = self.config.home.value / "scratch"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def provider(self, name: str) -> Provider:
        """The provider of that name, made once."""
        if name not in self._providers:
            made = provider_named(name, lambda: self._access(name), lambda: room_of(name, self.config.home.value))
            self._providers[name] = made.provider
            if made.remote:
                self._remote.add(name)
        return self._providers[name]

    def remote(self, name: str) -> bool:
        """Whether this provider is elsewhere: a key opens it, the catalogue prices it, a simulator can stand in."""
        self.provider(name)
        return name in self._remote

    @property
    def simulator(self) -> str | None:
        """The address of the simulator that stands in for every remote provider; None: they are the real ones."""
        return self._simulator

    def stand_in(self, simulator: str | None) -> None:
        """From now on remote providers are those of this simulator, or the real ones.

        A run means the world that it was begun in, whatever the settings say when it is looked at.
        """
        if simulator != self._simulator:
            self._simulator = simulator
            for name in self._remote:
                del self._providers[name]
            self._remote.clear()
            for of_that_world in ("accounts", "share"):
                self.__dict__.pop(of_that_world, None)

    def simulated(self, name: str) -> bool:
        """Whether a simulator answers for this provider."""
        return self._simulator is not None and self.remote(name)

    @cached_property
    def keys(self) -> Keys:
        """The keys of the remote providers."""
        return Keys(self.config.home.value)

    def elsewhere(self, name: str) -> bool:
        """Whether a provider is reached at another address than its own: a gateway's, or the simulator's."""
        return self._simulator is not None or name in self.config.gateways

    def _access(self, name: str) -> Access:
        from rushes.app.offers import Offers  # prices: for nobody who asks only providers of this machine

        offers, takes = Offers(self.catalogue, name, date.today()), partial(self._takes, name)
        if self._simulator is not None:
            there = f"{self._simulator}/{name}"
            return Access(url=there, key=Secret("simulated"), simulated=True, offer=offers, takes=takes)
        url = self._gateway(name)
        return Access(url=url, key=self.keys.late(name), simulated=False, offer=offers, takes=takes)

    def _gateway(self, name: str) -> str | None:
        """Where a provider is reached instead of at its own address: of several the one that was found fastest."""
        gateway = self.config.gateways.get(name)
        if gateway is None:
            return None
        urls = gateway.value
        if len(urls) == 1:
            return urls[0]
        from rushes.app.gateways import remembered  # for the few who have several

        found = remembered(self.ledger, name)
        return found.url if found is not None and found.url in urls else urls[0]

    async def settle_gateways(self) -> None:
        """Measure the addresses of providers that have several; from now on the fastest is asked."""
        several = {name: one.value for name, one in self.config.gateways.items() if len(one.value) > 1}
        if not several or self._simulator is not None:
            return
        from rushes.app.gateways import settle

        for name in await settle(self.ledger, several):
            self._providers.pop(name, None)  # made anew when it is next asked for
            self._remote.discard(name)

    @cached_property
    def accounts(self) -> Accounts:
        """What providers take at once, for all runs together that are driven through this object."""
        from rushes.engine.limits import Accounts  # for those who drive

        return Accounts(self.at_once, self.told_limits)

    @cached_property
    def share(self) -> Share:
        """This process's part of what accounts take, where others use them too."""
        from rushes.app.accounts import account_name
        from rushes.engine.clock import SystemClock
        from rushes.engine.share import Share
        from rushes.ledger.owner import new_owner
        from rushes.ledger.permits import Permits

        @cache
        def named(limit: str) -> str:
            provider, slash, model = limit.removeprefix("provider:").partition("/")
            return account_name(self, provider) + slash + model

        return Share(self.accounts, Permits(self.ledger, new_owner()), SystemClock(), named)

    def checks(self) -> Sequence[Check]:
        """The checks that look at every result."""
        if self._checks is None:
            self._checks = all_checks()
        return self._checks

    def loaded_providers(self) -> Mapping[str, Provider]:
        """The providers that were named so far."""
        return self._providers

    def _told_limits(self) -> dict[str, Allowed]:
        """What the project file allows, by the names that runs know. Raises ConfigError."""
        told = {}
        for name, one in self.config.limits.items():
            try:
                told[limit_named(name, lambda: self.catalogue, self._providers)] = one.value
            except UserError as error:
                raise ConfigError(f"{one.source}: limits: {error.message}", next_step=error.next_step) from error
        return told

    def _make_home(self) -> None:
        home = self.config.home
        try:
            home.value.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the home folder {home.value} ({home.source}) cannot be made: {error.strerror}",
                next_step="name another with --home or RUSHES_HOME",
            ) from error
