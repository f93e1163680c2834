"""Which tab is copied, and for whom: what the file, the flags and the accounts say together."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from rushes.errors import NotFound, UserError
from rushes.model.problem import Problem, ProblemsError, did_you_mean
from rushes.spec.accounts import MOST_BYTES, Account, Accounts, read_accounts
from rushes.spec.codes import problem
from rushes.spec.load import with_marks
from rushes.spec.nbflow_graph import GraphTab

_ACCOUNTS = "the file of accounts"


def read_accounts_file(file: Path) -> Accounts:
    """The accounts of a file. Raises UserError for one that cannot be read, ProblemsError with all that is wrong."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}", next_step="name a file of accounts") from error
    accounts, problems = read_accounts(str(file), data)
    if accounts is None:
        raise ProblemsError(problems, what=_ACCOUNTS)
    return accounts


def tab_of(tabs: Sequence[GraphTab], named: str | None, accounts: Accounts) -> GraphTab:
    """The tab that is copied: the flag's, the accounts', or the only one. Raises NotFound, UserError."""
    wanted = named or accounts.tab
    names = [tab.name for tab in tabs]
    if wanted is None:
        if len(tabs) == 1:
            return tabs[0]
        listed = ", ".join(names)
        raise UserError(
            f"the file has {len(tabs)} tabs, and it is not said which is copied", next_step=f"--tab NAME, of {listed}"
        )
    for tab in tabs:
        if tab.name == wanted:
            return tab
    near = get_close_matches(wanted, names, n=1)
    raise NotFound(f"the file has no tab {wanted!r}", next_step=did_you_mean(near, f"name one of {', '.join(names)}"))


def placed(accounts: Accounts, file: Path, out: Path) -> Accounts:
    """The accounts with their avatars as the new file will name them. Raises ProblemsError for those not there."""
    folder, target = file.absolute().parent, out.absolute().parent
    problems: list[Problem] = []

    def place(account: Account) -> Account:
        if account.avatar is None or account.avatar.startswith(("http://", "https://")):
            return account
        path = folder / account.avatar
        if not path.is_file():
            at = (*account.path, "avatar")
            says = f"the avatar of {account.code}: there is no file {account.avatar}"
            problems.append(problem("source-unusable", says, path=at, try_=f"put it there, below {folder}"))
        avatar = os.path.relpath(path, target).replace(os.sep, "/")
        return dataclasses.replace(account, avatar=avatar)

    moved = dataclasses.replace(accounts, accounts=tuple(place(one) for one in accounts.accounts))
    if problems:
        raise ProblemsError(with_marks(accounts.document, problems), what=_ACCOUNTS)
    return moved


def chosen_of(accounts: Accounts, tab: GraphTab, tabs: Sequence[GraphTab], only: Sequence[str]) -> list[Account]:
    """Whom the tab is copied for: all accounts but its own, or those that a flag names. Raises UserError."""
    codes = [one.code for one in accounts.accounts]
    for code in only:
        if code not in codes:
            near = get_close_matches(code, codes, n=1)
            raise NotFound(
                f"there is no account {code!r}", next_step=did_you_mean(near, f"name one of {', '.join(codes)}")
            )
    chosen = [one for one in accounts.accounts if one.code != tab.name and (not only or one.code in only)]
    there = {one.name.casefold() for one in tabs}
    doubled = partial(problem, "name-doubled", try_="leave the account out with --only, or take that tab out first")
    problems = [
        doubled(f"the file has a tab {one.code!r} already", path=one.path)
        for one in chosen
        if one.code.casefold() in there
    ]
    if problems:
        raise ProblemsError(with_marks(accounts.document, problems), what=_ACCOUNTS)
    if not chosen:
        raise UserError(f"there is no account to copy {tab.name} for", next_step="name another account than its own")
    return chosen
