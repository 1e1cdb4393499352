"""Packs: what the delay law of a country asks, as data that a shop's counsel can change.

Engineering, not legal advice: check every pack with counsel. A case keeps the pack and the version it was opened
under, so a changed pack is a new version beside the old one.
"""

import dataclasses
import enum
from dataclasses import dataclass
from functools import lru_cache, reduce

from django.utils.translation import gettext_lazy as _

from backorders.refusal import Refused

NOTE = "Engineering rules, not legal advice: check with counsel."


class Measures(enum.StrEnum):
    """What has to happen by the limit."""

    SHIP = "ship"
    DELIVER = "deliver"


class Silence(enum.StrEnum):
    """What it means that a customer does not answer."""

    CONSENT = "consent"
    CANCEL = "cancel"
    NONE = "none"


class Days(enum.StrEnum):
    """How days of a refund are counted."""

    WORKING = "working"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class DelayPack:
    """The delay law of some countries for consumers: limits in days, and what silence means.

    `default_days` is the limit where no time was stated. A first revised date up to `short_limit_days` after the limit
    is a short delay; after a longer one, or without a date, silence ends the order `long_grace_days` after the limit.
    `refund_days` is when money must be back, `alarm_days` (calendar) when somebody must act at once.
    """

    id: str
    version: int
    countries: frozenset[str]
    measures: Measures
    default_days: int
    short_limit_days: int
    long_grace_days: int
    silence_first_short: Silence
    silence_other: Silence
    refund_days: int
    refund_day_type: Days
    alarm_days: int
    needs_payment: bool = False

    @property
    def lapses(self) -> bool:
        """Whether a limit that passes ends the order by itself; else the right to end it is the customer's."""
        return self.silence_other == Silence.CANCEL


US = DelayPack(
    id="us-ftc",  # 16 CFR 435
    version=1,
    countries=frozenset({"US", "PR", "VI", "GU", "AS", "MP"}),
    measures=Measures.SHIP,
    default_days=30,
    short_limit_days=30,
    long_grace_days=30,
    silence_first_short=Silence.CONSENT,
    silence_other=Silence.CANCEL,
    refund_days=7,
    refund_day_type=Days.WORKING,
    alarm_days=14,
    needs_payment=True,  # the clock starts when payment, or the authority to charge, is held: 435.1(c)
)
EU = DelayPack(
    id="eu",  # Directive 2011/83/EU, article 18
    version=1,
    countries=frozenset(
        "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO".split()
    ),
    measures=Measures.DELIVER,
    default_days=30,
    short_limit_days=0,
    long_grace_days=0,
    silence_first_short=Silence.NONE,
    silence_other=Silence.NONE,
    refund_days=7,  # "without undue delay": a target of the house
    refund_day_type=Days.CALENDAR,
    alarm_days=14,
)
UK = dataclasses.replace(EU, id="uk", countries=frozenset({"GB"}))  # Consumer Rights Act 2015, section 28

PACKS: dict[tuple[str, int], DelayPack] = {(pack.id, pack.version): pack for pack in (US, EU, UK)}
IN_FORCE = (US, EU, UK)
JOIN = "+"


class NoSuchPack(Refused):
    """A case names a pack or a version that nobody keeps any more."""


def packs_for(country: str, *, is_business: bool) -> list[DelayPack]:
    """Return the packs that cover a consumer in a country, none for a business: there the contract decides."""
    if is_business or not country:
        return []
    return [pack for pack in IN_FORCE if country.upper() in pack.countries]


def pack_for(*countries: str, is_business: bool) -> DelayPack | None:
    """Return the pack for goods to these countries; of several the stricter, element by element, or None."""
    found = {pack.id: pack for country in countries for pack in packs_for(country, is_business=is_business)}
    return reduce(stricter, (found[pk] for pk in sorted(found))) if found else None


def covered(*, unpaid: bool = False) -> list[str]:
    """Return all countries for which there is a pack; with `unpaid` those where it covers orders without payment."""
    packs = [pack for pack in IN_FORCE if not (unpaid and pack.needs_payment)]
    return sorted(country for pack in packs for country in pack.countries)


@lru_cache(maxsize=64)
def pack_named(name: str, version: int) -> DelayPack:
    """Return the pack with this name and version, joined ones too. Raises `NoSuchPack`."""
    try:
        return reduce(stricter, (PACKS[part, version] for part in name.split(JOIN)))
    except KeyError:
        raise NoSuchPack(
            _("There is no delay pack %(name)s in version %(version)s."), name=name, version=version
        ) from None


def stricter(one: DelayPack, other: DelayPack) -> DelayPack:
    """Return what satisfies both packs: of each element the one that binds the seller more.

    Delivery binds more than shipment, fewer days more than many. Silence is consent only if both say so, and ends
    the order if one of them says so.
    """
    if one.id == other.id:
        return one
    sooner = min(one, other, key=lambda pack: (_calendar_days(pack), pack.id))
    return dataclasses.replace(
        one,
        default_days=min(one.default_days, other.default_days),
        short_limit_days=min(one.short_limit_days, other.short_limit_days),
        long_grace_days=min(one.long_grace_days, other.long_grace_days),
        alarm_days=min(one.alarm_days, other.alarm_days),
        refund_days=sooner.refund_days,
        refund_day_type=sooner.refund_day_type,
        id=JOIN.join(sorted({*one.id.split(JOIN), *other.id.split(JOIN)})),
        countries=one.countries | other.countries,
        measures=Measures.DELIVER if Measures.DELIVER in (one.measures, other.measures) else Measures.SHIP,
        silence_first_short=_all_or(Silence.CONSENT, Silence.NONE, one.silence_first_short, other.silence_first_short),
        silence_other=_all_or(Silence.NONE, Silence.CANCEL, one.silence_other, other.silence_other),
        needs_payment=one.needs_payment and other.needs_payment,
    )


def _all_or(value: Silence, otherwise: Silence, *said: Silence) -> Silence:
    return value if set(said) == {value} else otherwise


def _calendar_days(pack: DelayPack) -> int:
    """About how many calendar days a refund may take: working days pass more slowly."""
    return pack.refund_days if pack.refund_day_type == Days.CALENDAR else pack.refund_days + 2 * (pack.refund_days // 5)
