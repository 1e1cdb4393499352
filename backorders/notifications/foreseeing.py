"""Foreseeing: what telling many at once would write to whom, and to whom it would not and why. Nothing is written.

It is the computation of the act itself, on everybody at once: the number of statements does not depend on how many
customers there are, and no letter is put into words. That is done for the few that are shown.
"""

import datetime
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from backorders.allocation.alternatives import Alternative
from backorders.notifications import noticing, superseding
from backorders.notifications.addresses import is_mailable, is_suppressed, normal, suppressed
from backorders.notifications.composing import compose
from backorders.notifications.found import Found, Line
from backorders.notifications.letters import Item, Letter
from backorders.notifications.policy import telling
from backorders.notifications.reading import read, with_offers

SAMPLES = 6


@dataclass(frozen=True)
class Foreseen:
    """What would become of these customers: `letters` leave, the others do not, for one reason each.

    `held` are written, but stay where the customer's last letter was held; of `without_address` and `suppressed`
    each becomes a call. `heard_lately` were written to about a date within the cap, and can be left out; `nothing_new`
    (ids) have nothing new to hear.
    """

    letters: list[Letter] = field(default_factory=list)
    held: list[Letter] = field(default_factory=list)
    without_address: list[Letter] = field(default_factory=list)
    suppressed: list[Letter] = field(default_factory=list)
    heard_lately: list[Letter] = field(default_factory=list)
    nothing_new: list[int] = field(default_factory=list)

    @property
    def written(self) -> list[Letter]:
        """The letters that would be written, whatever becomes of them then."""
        return [*self.letters, *self.held, *self.without_address, *self.suppressed]

    @property
    def customers(self) -> list[int]:
        """The ids of the customers who would be written to or called, in order."""
        return sorted(letter.to.customer_id for letter in self.written)

    @property
    def everybody(self) -> list[int]:
        """The same with those who heard from us lately."""
        return sorted([*self.customers, *(letter.to.customer_id for letter in self.heard_lately)])

    @property
    def kinds(self) -> "Counter[tuple[str, str]]":
        """How many of the letters that leave are of each (kind, language)."""
        return Counter((letter.kind, letter.to.language) for letter in self.letters)

    @property
    def token(self) -> str:
        """What is stated to whom, in short: another token means that the preview is out of date."""
        keys = sorted(letter.dedupe_key for letter in (*self.written, *self.heard_lately))
        return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]


def foresee(customers: Sequence[int], *, offers: Sequence[Alternative] = (), at: datetime.datetime) -> Foreseen:
    """Return what telling these customers (ids) now would come to, as things stand. Writes nothing.

    `offers` are told with it as if they had been made.
    """
    policy = telling()
    at_once = policy.at_once()
    found = with_offers(_noted(read(customers, at=at, policy=policy), at), offers)
    if found.offered:
        found = _weighed(found, compose(found, at=at, policy=at_once).too_small)
    capped = replace(at_once, cap=policy.cap)
    lately = compose(found, at=at, policy=capped).later if found.last_word else set()
    letters = [letter for letter in compose(found, at=at, policy=at_once).letters if letter.parts]
    reasons = suppressed(letter.to.email for letter in letters)
    held = superseding.would_hold(customers, at=at)
    foreseen = Foreseen(nothing_new=sorted(set(customers) - {letter.to.customer_id for letter in letters}))
    for letter in letters:
        if letter.to.customer_id in lately:
            foreseen.heard_lately.append(letter)
        elif not is_mailable(letter.to.email):
            foreseen.without_address.append(letter)
        elif is_suppressed(reasons.get(normal(letter.to.email)), letter.kind):
            foreseen.suppressed.append(letter)
        elif letter.to.customer_id in held:
            foreseen.held.append(letter)
        else:
            foreseen.letters.append(letter)
    return foreseen


def _noted(found: Found, at: datetime.datetime) -> Found:
    """What is found once every case knows that its goods come too late: its notice is due, and not the usual mail."""
    return found._replace(owed={pk: noticing.noted(owing, at=at) for pk, owing in found.owed.items()})


def _weighed(found: Found, too_small: Sequence[Line]) -> Found:
    """What is found once these changes were put aside for good: what is offered for their lines is told then."""
    aside = {line.line_id for line in too_small}
    lines = [
        line._replace(weighed_version=line.version) if line.line_id in aside else line for line in found.offered_for
    ]
    return found._replace(gaps=[line for line in found.gaps if line.line_id not in aside], offered_for=lines)


def samples(letters: Sequence[Letter]) -> list[tuple[str, Letter]]:
    """Return (what is special, letter) of a few letters: the first, the longest, the hard ones, one of each sort."""
    chosen: dict[int, tuple[str, Letter]] = {}

    def take(why: str, letter: Letter | None) -> None:
        if letter is not None and len(chosen) < SAMPLES:
            chosen.setdefault(letter.to.customer_id, (why, letter))

    take("first", next(iter(letters), None))
    take("longest", max(letters, key=lambda letter: len(_items(letter)), default=None))
    take("no_date", _first(letters, _is_undated))
    take("over_new_year", _first(letters, _is_over_new_year))
    take("long_name", max(letters, key=_longest_name, default=None))
    sorts = {(letter.kind, letter.to.language) for _why, letter in chosen.values()}
    for letter in letters:
        sort = (letter.kind, letter.to.language)
        if sort not in sorts and letter.to.customer_id not in chosen:
            sorts.add(sort)
            take("sort", letter)
    return list(chosen.values())


def _first(letters: Sequence[Letter], is_special: Callable[[Item], bool]) -> Letter | None:
    return next((letter for letter in letters if any(is_special(item) for item in _items(letter))), None)


def _items(letter: Letter) -> list[Item]:
    return [item for part in letter.parts for order in part.orders for item in (*order.items, *order.ready)]


def _is_undated(item: Item) -> bool:
    return item.window is None


def _is_over_new_year(item: Item) -> bool:
    return item.window is not None and item.window.first.year < item.window.last.year


def _longest_name(letter: Letter) -> int:
    return max((len(item.name) for item in _items(letter)), default=0)
