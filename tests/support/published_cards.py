"""Numbers for testing that vendors publish, of 14 to 19 digits, by brand; and 48 spellings.

Written down from memory of the test pages of gateways and schemes; the lists of Stripe and
Checkout.com were compared with facts of their documents. Numbers that are published because their
check digit is wrong are left out: nothing tells those.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from forwardc.core.recognizer.cards import LONGEST, SHORTEST, lengths_of, passes_luhn

_BY_BRAND: Final = {
    "visa": """
        4242424242424242 4000056655665556 4111111111111111 4012888888881881 4005519200000004
        4009348888881881 4012000033330026 4012000077777777 4217651111111119 4500600000000061
        4917610000000000 4988438843884305 4166676667666746 4646464646464644 4000620000000007
        4000060000000006 4293189100000008 4988080000000000 4977949494949497 4400000000000008
        4035501000000008 4360000001000005 4462030000000000 4917300800000000 4484070000000000
        4658584090000001 4543474002249996 4263970000005262
        4444333322221111 4000160000000004 4571000000000001 4871049999999910 4151500000000008
        4199350000000002 4001020000000009 4000000760000002 4761120010000492
        4918914107195005 4917610000000000003 4970100000000154 4970104100876588
    """,
    "mastercard": """
        5555555555554444 5105105105105100 5200828282828210 2223003122003222 2223000048400011
        2223520443560010 5454545454545454 5425233430109903 5100060000000002 2222400010000008
        2222400030000004 5577000055770004 5555341244441115 5136333333333335 5585558555855583
        5555444433331111 2222410740360010 2222400050000009 5500000000000004 5100290029002909
        5424000000000015 2223000010309703 2223000010479399 5436031030606378 5199992312641465
        5306889942833340 5413330089010640 5352151570003404 5404000000000001 2720992593319364
        2221000000000009
    """,
    "amex": """
        378282246310005 371449635398431 378734493671000 370000000000002 341111111111111
        345678901234564 374245455400126 374251018720018 343434343434343 374500261001009
        341134113411347
    """,
    "diners": """
        30569309025904 38520000023237 36227206271667 36148900647913 30123456789019
        36006666333344 38000000000006 36070500001020 36110361103612 3056930009020004
        36400000000000 36259600000004 30500000000003
    """,
    "discover": """
        6011111111111117 6011000990139424 6011981111111113 6011000991300009 6011601160116611
        6445644564456445 6510000000000034 6011000000000012 6011016011016011 6011003179988686
        6011000400000000 6221261111113245 6221260000000000 6510000000000067
    """,
    "jcb": """
        3566002020360505 3530111333300000 3566111111111113 3569990010095841 3088000000000017
        3569990000000009 180000000000002 213100000000001
    """,
    "unionpay": """
        6200000000000005 6205500000000000004 6200000000000047 6250941006528599 6250946000000016
        6243030000000001 8171999927660000 8171999900000000021 6240008631401148 6212345678901265
        6212345678901232 6212345678900000003 6222821234560017 6250947000000014 6216261000000000018
        6226090000000000048 6223164991230014
    """,
    "maestro": """
        6759649826438453 6771798021000008 6771798025000004 6799990100000000019 6304000000000000
        6304985028090561515 6333333333333333336 50339619890917 586824160825533338 6759411100000008
        6759560045005727054 5641821111166669 5000550000000029 67034200554565015 6703444444444449
        6390020000000003 6767676767676767671 5018000000000009 5020620000000000 6759000000000000005
        6331101999990016 6334580500000000 633478111298873700 6304939304310009610 6767622222222222222
        5000186622346654
    """,
    "elo": """
        5066991111111118 6362970000457013 5067310000000010 5067230000009011
    """,
    "hipercard": """
        6062828888666688 6062826786276634
    """,
    "dankort": """
        5019717010103742 5019555544445555 5019994000124034
    """,
    "verve": """
        5061460410120223210 5060990580000217499 5060666666666666666 5061020000000000094
        5061830100001895
    """,
    "cabal": """
        5896570000000008
    """,
    "argencard": """
        5011050000000001
    """,
    "mir": """
        2200000000000004 2200770212727079 2201382000000013 2200240000000006 2200770239097761
        22005400000000001
    """,
    "rupay": """
        6074819900004939 6074825972083818 6080000000000000 6073849700004947
    """,
    "troy": """
        9792030394440796 9792020000000001 6501700139082826 6501700194147183 9792072000017956
        9792052565200015 9792004525458548 6501738564461396 9792350046201275
    """,
    "uatp": """
        135410014004955 135412345678911 122000000000003
    """,
    "humo": """
        9860000000000000
    """,
    "uzcard": """
        8600069195406311 8600000000000007
    """,
    "napas": """
        9704198526191432198 9704195798459170488 9704192181368742 9704000000000018
    """,
    "mada": """
        4464040000000007 5297410000000002 5297412542005689
    """,
    "meeza": """
        5078036246600381
    """,
    "bancontact": """
        6703000000000000003
    """,
    "enroute": """
        201400000000009
    """,
    "bankcard": """
        5610591081018250
    """,
    "laser": """
        630495060000000000 6706950000000000 670695000000000000
    """,
    "jaywan": """
        6690109900000010 6690109000011008
    """,
    "other": """
        6054741234567890
    """,
    "aura": """
        5078601870000127985 5078601912345600019
    """,
    "hiper": """
        6370950000000005
    """,
}

PUBLISHED: Final = [number for numbers in _BY_BRAND.values() for number in numbers.split()]


def parted(number: str, separator: str) -> str:
    """The number in the groups in which cards are printed."""
    if len(number) == 15 or len(number) == 14:
        groups = [number[:4], number[4:10], number[10:]]
    else:
        groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    return separator.join(groups)


def in_script(number: str, zero: str) -> str:
    """The number in the digits of a script, told by its zero."""
    return "".join(chr(ord(zero) + int(digit)) for digit in number)


def _every(number: str, between: str) -> str:
    return between.join(number)


SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "plain": lambda n: n,
    "spaces": lambda n: parted(n, " "),
    "dashes": lambda n: parted(n, "-"),
    "dots": lambda n: parted(n, "."),
    "underscores": lambda n: parted(n, "_"),
    "slashes": lambda n: parted(n, "/"),
    "no-break spaces": lambda n: parted(n, "\u00a0"),
    "narrow no-break spaces": lambda n: parted(n, "\u202f"),
    "figure spaces": lambda n: parted(n, "\u2007"),
    "ideographic spaces": lambda n: parted(n, "\u3000"),
    "non-breaking hyphens": lambda n: parted(n, "\u2011"),
    "en dashes": lambda n: parted(n, "\u2013"),
    "em dashes": lambda n: parted(n, "\u2014"),
    "minus signs": lambda n: parted(n, "\u2212"),
    "fraction slashes": lambda n: parted(n, "\u2044"),
    "full-width low lines": lambda n: parted(n, "\uff3f"),
    "middle dots": lambda n: parted(n, "\u00b7"),
    "a space everywhere": lambda n: _every(n, " "),
    "a dash everywhere": lambda n: _every(n, "-"),
    "pairs": lambda n: " ".join(n[at : at + 2] for at in range(0, len(n), 2)),
    "mixed separators": lambda n: parted(n, " ").replace(" ", "-", 1),
    "full-width": lambda n: in_script(n, "\uff10"),
    "full-width, ideographic spaces": lambda n: parted(in_script(n, "\uff10"), "\u3000"),
    "Arabic-Indic": lambda n: in_script(n, "\u0660"),
    "Persian": lambda n: parted(in_script(n, "\u06f0"), " "),
    "Devanagari": lambda n: in_script(n, "\u0966"),
    "Thai": lambda n: in_script(n, "\u0e50"),
    "mathematical": lambda n: in_script(n, "\U0001d7ce"),
    "superscript": lambda n: n.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")),
    "half in another script": lambda n: n[:8] + in_script(n[8:], "\u0660"),
    "keycaps": lambda n: "".join(f"{digit}\ufe0f\u20e3" for digit in n),
    "zero-width spaces": lambda n: _every(n, "\u200b"),
    "zero-width joiners and spaces": lambda n: parted(n, "\u200d \u200d"),
    "soft hyphens": lambda n: parted(n, "\u00ad"),
    "right-to-left marks": lambda n: f"\u202e{parted(n, chr(0x200F))}\u202c",
    "padding zeros": lambda n: n.rjust(24, "0"),
    "a padding zero": lambda n: "0" + n,
    "a group of zeros": lambda n: "0000 " + parted(n, " "),
    "before a code": lambda n: parted(n, " ") + " 123",
    "after a date": lambda n: "2026-11-20 " + parted(n, " "),
    "before an expiry": lambda n: n + " 12/29",
    "in a sentence": lambda n: f"He paid with {n}, and left.",
    "between letters": lambda n: f"pan{n}usd",
    "in hexadecimal": lambda n: f"ab{n}cdef01",
    "in JSON": lambda n: f'{{"number":"{n}","cvc":""}}',
    "in escaped JSON": lambda n: parted(n, "\\u00a0"),
    "in a URL": lambda n: f"https://shop.example/pay/{n}?x=1",
    "in an encoded URL": lambda n: "number=" + quote(parted(n, " ")) + "&x=1",
}


def looks_like_card(digits: str) -> bool:
    """Whether a text is 14 to 19 ASCII digits that fit a brand by length and first, and Luhn."""
    return (
        SHORTEST <= len(digits) <= LONGEST
        and digits.isascii()
        and digits.isdigit()
        and len(digits) in lengths_of(digits[:4])
        and passes_luhn(digits)
    )
