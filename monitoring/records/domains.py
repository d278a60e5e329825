"""The spellings of Windows domains: NetBIOS name, DNS name and realm are one domain where one identifier bears them."""

from __future__ import annotations

from monitoring.records.names import domain_hints, unique
from monitoring.records.record import Hint, HintKind

MOST = 10_000  # domains and controllers that one reader remembers
MOST_ACCOUNTS = 100_000
MOST_LETTERS = 8_000_000  # of those accounts: ordinary ones have half of it
_EVERYWHERE = frozenset({"administrator", "guest", "defaultaccount", "wdagutilityaccount"})


class Domains:
    """Learned from records that carry a domain's security identifier together with a spelling.

    A spelling that was seen with two identifiers belongs to neither: two forests may both be called CORP.
    """

    def __init__(self) -> None:
        self._sids: dict[str, set[str]] = {}
        self._spellings: dict[str, set[str]] = {}
        self._controllers: set[str] = set()
        self._members: set[str] = set()
        self._accounts: set[str] = set()
        self._letters = 0  # of those accounts
        self._hints: dict[tuple[str, str], tuple[Hint, ...]] = {}

    def learn(self, sid: str, spelling: str) -> None:
        """`sid` is the domain's part of an identifier, both in small letters."""
        if spelling in self._spellings.get(sid, ()):
            return
        if sid and spelling and len(self._sids) < MOST:
            self._sids.setdefault(spelling, set()).add(sid)
            self._spellings.setdefault(sid, set()).add(spelling)
            self._hints.clear()

    def learn_controller(self, host: str) -> None:
        if host and len(self._controllers) < MOST:
            self._controllers.add(host)

    def learn_member(self, host: str) -> None:
        """A machine with accounts of its own is no controller."""
        if host and len(self._members) < MOST:
            self._members.add(host)

    def learn_account(self, user: str, realm: str) -> None:
        if realm and len(self._accounts) < MOST_ACCOUNTS and self._letters < MOST_LETTERS:
            account = f"{user}@{realm}"
            self._letters += 0 if account in self._accounts else len(account)
            self._accounts.add(account)

    def keeps(self, host: str, user: str) -> str:
        """The domain for which a machine validates an account of bare name, or '' if it is the machine's own.

        It is a domain's where the machine was seen to give tickets; or the name in the machine's domain, if the machine
        was not seen to have accounts of its own and the name is not one that every machine has.
        """
        realm = host.partition(".")[2]
        named = f"{user}@{realm}" in self._accounts and host not in self._members and user not in _EVERYWHERE
        return realm if realm and (host in self._controllers or named) else ""

    def sid_of(self, spelling: str) -> str:
        found = self._sids.get(spelling, set())
        return next(iter(found)) if len(found) == 1 else ""

    def spellings(self, spelling: str) -> tuple[str, ...]:
        """All spellings of the domain, this one among them, in the alphabet's order."""
        sid = self.sid_of(spelling)
        same = {each for each in self._spellings.get(sid, ()) if self.sid_of(each) == sid}
        return tuple(sorted(same | {spelling}))

    def realm(self, spelling: str) -> str:
        """The one full name of the domain where it is known, else the spelling as it is."""
        if "." in spelling:
            return spelling
        full = [each for each in self.spellings(spelling) if "." in each]
        return full[0] if len(full) == 1 else spelling

    def hints(self, spelling: str, sid: str = "") -> tuple[Hint, ...]:
        if (spelling, sid) in self._hints:
            return self._hints[spelling, sid]
        if not spelling and not sid:
            return ()
        named = [hint for each in self.spellings(spelling) for hint in domain_hints(each, dotted=HintKind.REALM)]
        found = unique(Hint(HintKind.SID, sid or self.sid_of(spelling)), *named)
        if len(self._hints) < MOST:
            self._hints[spelling, sid] = found
        return found
