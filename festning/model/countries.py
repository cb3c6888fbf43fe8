"""Country codes, and the groups that a residency rule may name.

Source of the codes: ISO 3166-1 alpha-2. Source of the EEA's members: the EEA Agreement as amended (EU member states
with Iceland, Liechtenstein and Norway).
"""

from __future__ import annotations

from collections.abc import Iterable

from festning.model.adequacy import ADEQUATE, unconditional

COUNTRIES = frozenset(
    (  # noqa: SIM905 (249 quoted codes would be harder to read)
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
        "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
        "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
        "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
        "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
        "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
    ).split()
)

EEA = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)

GROUP_NAMES = ("EEA", ADEQUATE)


def expand(codes: Iterable[str]) -> frozenset[str]:
    """The countries that codes and group names stand for.

    ``ADEQUATE`` is every country whose protection the European Commission finds adequate without a condition.
    """
    return frozenset(country for code in codes for country in _members(code))


def _members(code: str) -> frozenset[str]:
    if code == "EEA":
        return EEA
    return unconditional() if code == ADEQUATE else frozenset({code})
