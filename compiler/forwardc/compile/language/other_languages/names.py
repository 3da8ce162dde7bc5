"""What a name of another language, vault or vendor is called here.

Who comes from a vendor's API writes `card.pan`, from a shell `env.API_KEY`, from a template
`{{card_number}}`. The tables have the words of the field without case, `-`, `_` and spaces.
"""

import re
from typing import Final

from forwardc.compile.language.symbols import ROOTS, ExpressionUse, SymbolTable
from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to write, as an expression, and what has to be done besides."""

    written: str
    besides: str = ""

    @property
    def hint(self) -> str:
        """As a whole hint."""
        return f"write {self.written}{self.besides}"


def plain(word: str) -> str:
    """A word without case and without what separates its parts."""
    return re.sub(r"[-_ ]", "", word).lower()


def _words(**named: str) -> dict[str, str]:
    """By word what it means; `__` in a name stands for a dot."""
    return {
        word: name.replace("__", ".") for name, words in named.items() for word in words.split()
    }


_CARD: Final = _words(
    card__number="number pan cardnumber num no nr primaryaccountnumber accountnumber account cardno"
    " ccnumber ccnum cardpan value",
    card__cvc="cvc cvv cvv2 cvc2 csc cid cvn securitycode cardsecuritycode verificationvalue"
    " cardcode cvnumber cardcvc cardcvv cardcvv2 verificationcode cvd cvccode",
    card__holder_name="name holder holdername cardholder cardholdername owner nameoncard fullname"
    " cardname nameoncreditcard",
    card__expiry__MM="expmonth expirymonth expirationmonth month mm expm expmm cardexpmonth"
    " expirymm cardexpirymonth cardexpirymonthmm cardexpirationmonth exp.month expiration.month"
    " expiry.month expirymonthmm",
    card__expiry__M="m expirym cardexpirymonthm",
    card__expiry__YYYY="expyear expiryyear expirationyear year yyyy expy cardexpyear expiryyyyy"
    " cardexpiryyear cardexpiryyearyyyy cardexpirationyear exp.year expiration.year expiry.year"
    " expyyyy expiryyearyyyy",
    card__expiry__YY="yy expyy expiryyy cardexpiryyearyy expiryyearyy",
    card__pin_first_two="pin pinblock",
    instrument__brand="brand scheme type network cardtype cardbrand cardscheme issuer",
    instrument__bin="bin iin first6 firstsix cardbin bin6 first6digits cardiin",
    instrument__last4="last4 lastfour last4digits lastdigits cardlast4 lastfourdigits",
    instrument__funding="funding fundingtype category",
    instrument__country="country issuercountry issuingcountry countrycode",
)
_BILLING: Final = _words(
    billing__first_name="firstname givenname first forename",
    billing__last_name="lastname surname familyname last",
    billing__line1="street address address1 addressline1 street1 streetaddress line streetline1",
    billing__line2="address2 addressline2 street2 apartment suite unit",
    billing__postal_code="zip zipcode postcode postalcode postal",
    billing__state="province region county stateprovince district",
    billing__city="town locality suburb",
    billing__country="countrycode countryiso nation country",
)
_TOKEN: Final = _words(
    network_token__number="pan dpan token tokennumber value networktokennumber",  # noqa: S106 - words
    network_token__cryptogram="tavv caav paymentcryptogram tokencryptogram",  # noqa: S106 - words
    network_token__eci="ecommerceindicator electroniccommerceindicator",  # noqa: S106 - words
    network_token__expiry__MM="expmonth expirymonth month mm",  # noqa: S106 - words
    network_token__expiry__YYYY="expyear expiryyear year yyyy",  # noqa: S106 - words
)
_WHOLE_EXPIRY: Final = frozenset(
    "exp expdate expiration expirationdate expirydate validthru goodthru cardexpiry expires"
    " cardexpirydate cardexpirationdate".split()
)
_EXPIRY: Final = Meaning(
    "card.expiry.MM + card.expiry.YY", ", in the order and form that the destination asks for"
)
_RUN: Final = _words(
    run__id="uuid guid runid requestid id uuid4 nonce transactionid correlationid",
    run__now="time timestamp date today datetime now utcnow currenttime currentdate",
    run__idempotency_key="idempotencykey idempotency key",
)
_RESPONSE: Final = _words(
    response__status="statuscode code httpstatus httpcode status",
    response__json="body data json content payload",
    response__headers="header headers",
    response__text="text raw rawbody",
)
LITERALS: Final = {
    **dict.fromkeys(("None", "nil", "undefined", "NULL", "Null", "null"), "null"),
    **{word: word for word in ("true", "false")},
    "True": "true",
    "TRUE": "true",
    "False": "false",
    "FALSE": "false",
}
"""Words of other languages for what is true, false or absent."""
_ROOTS: Final = {
    **_words(
        secrets="secret env environ environment os credentials credential keys vault processenv"
        " osenviron importmetaenv",
        params="param parameter parameters args arg request req body payload data event ctx context"
        " customer user order payment transaction input",
        settings="setting config configuration conf cfg vars var variables options option merchant"
        " constants const",
        card="cc creditcard carddata cardinfo paymentmethod paymentinstrument bankcard",
        billing="billingaddress address billto billingdetails billinginfo",
        network_token="networktoken nettoken dpan token",  # noqa: S106 - a word
        response="resp res answer result reply",
        steps="step outputs output",
        run="runs session system",
        instrument="cardmetadata bininfo",
    )
}
_PLACEHOLDERS: Final = {
    **{plain(atom.replace(".", "")): atom for atom in ATOMS},
    # Checkout.com's own: without a suffix the month has no leading zero.
    "cardexpirymonth": "card.expiry.M",
    "networktokenexpirymonthmm": "network_token.expiry.MM",
    "networktokenexpiryyearyy": "network_token.expiry.YY",
    "networktokenexpiryyearyyyy": "network_token.expiry.YYYY",
}
_TABLES: Final = {"card": _CARD, "billing": _BILLING, "network_token": _TOKEN, "run": _RUN}
TO_DECLARE: Final = "and declare it under"
DECLARED: Final = ("params", "secrets", "settings")
OF_REQUEST: Final = (
    "an expression reads nothing of the request that it stands in: `sign: {scheme: ...}` signs a"
    " request, and a checksum names the fields that it covers"
)
"""Instead of `request.body`: who writes it wants to sign what leaves."""
_REQUEST_PARTS: Final = frozenset(
    "body rawbody bodytext text json form xml payload content url uri path method headers query"
    " querystring".split()
)
_ENVIRONMENTS: Final = ("process.env.", "os.environ.", "import.meta.env.")


def meaning_of(name: str, names: SymbolTable) -> Meaning | None:
    """What to write in the place of an unknown name; None where nothing is known of it."""
    if name in LITERALS:
        return Meaning(LITERALS[name])
    root, _, rest = name.partition(".")
    if not rest:
        return _alone(root, names)
    for prefix in _ENVIRONMENTS:
        if name.startswith(prefix):
            return _declared("secrets", name.removeprefix(prefix), names)
    root = root if root in ROOTS else _ROOTS.get(plain(root), "")
    return _below(root, rest, names) if root else None


def is_of_request(name: str, names: SymbolTable) -> bool:
    """Whether a name is a whole part of the request that is being written, `request.body`.

    `req.body.amount` is another thing: what a caller gave to a handler in JavaScript.
    """
    root, _, rest = name.partition(".")
    is_request = plain(root) in ("request", "req") and plain(rest) in _REQUEST_PARTS
    return is_request and names.use is ExpressionUse.REQUEST


def meaning_of_placeholder(text: str, start: int) -> Meaning | None:
    """What a template's placeholder at an offset is here: `{{card_number}}`, `{{ secret_key }}`."""
    inside = re.compile(r"\{\{[{#]?-?\s*([A-Za-z_$][\w.$-]{0,80})\s*[|}]").match(text, start)
    if inside is None:
        return None
    word = inside[1].lstrip("$")
    if secret := re.fullmatch(r"secrets?[._](\w+)", word):
        return Meaning(f"secrets.{secret[1].lower()}")
    if word in ATOMS or word.partition(".")[0] in (*DECLARED, "run"):
        return Meaning(word)
    joined = plain(word.replace(".", "")).replace("billingaddress", "billing")
    if joined in _PLACEHOLDERS:
        return Meaning(_PLACEHOLDERS[joined])
    for kind, table in (("networktoken", _TOKEN), ("billing", _BILLING), ("card", _CARD)):
        if joined.startswith(kind) and (of := table.get(joined.removeprefix(kind))):
            return Meaning(of)
    return _bare(joined)


def _alone(word: str, names: SymbolTable) -> Meaning | None:
    """A name without a dot: one that a section declares, an answer's in a rule, or the card's."""
    own, sections = word.lower(), (names.params, names.settings, names.secrets)
    for root, declared in zip(("params", "settings", "secrets"), sections, strict=True):
        if own in declared:
            return Meaning(f"{root}.{own}")
    if names.use is ExpressionUse.RULE and plain(word) in _RESPONSE:
        return Meaning(_RESPONSE[plain(word)])
    meaning = _bare(plain(word))
    # `$API_KEY` of a shell.
    is_variable = meaning is None and "_" in word and word.isupper()
    return _declared("secrets", word, names) if is_variable else meaning


def _bare(word: str) -> Meaning | None:
    """A word without a root: of the card only where it can be nothing else."""
    if word in _WHOLE_EXPIRY - {"expires"}:
        return _EXPIRY
    if re.match(r"card|cv|pan|exp|cc|bin|last4|first6", word) and word in _CARD:
        return Meaning(_CARD[word])
    return Meaning(_RUN[word]) if word in _RUN and word not in ("key", "id") else None


def _below(root: str, rest: str, names: SymbolTable) -> Meaning | None:
    word = plain(rest)
    if root == "card" and word in _WHOLE_EXPIRY:
        return _EXPIRY
    if root == "billing" and word in ("name", "fullname", "holder", "holdername"):
        besides = "; the name on the card is card.holder_name"
        return Meaning("billing.first_name + ' ' + billing.last_name", besides)
    if meant := _TABLES.get(root, {}).get(word):
        return Meaning(meant)
    if root in _TABLES or root == "instrument":
        full = f"{root}.{rest}"
        near = full if full in ATOMS else did_you_mean(full, _atoms(root))
        if near is None and root in ("card", "billing") and word in ("email", "phone", "ip"):
            return _declared("params", word, names)
        return Meaning(near) if near else None
    if root in DECLARED:
        return _declared(root, rest, names)
    if root == "steps":
        inner = rest.removeprefix("outputs.").replace(".outputs.", ".")
        return Meaning(f"steps.{inner}") if "." in inner else None
    return _of_response(rest) if root == "response" else None


def _atoms(root: str) -> list[str]:
    if root == "instrument":
        return [f"instrument.{name}" for name in ("brand", "bin", "last4", "funding", "country")]
    return [atom for atom in ATOMS if atom.startswith(f"{root}.")]


def _declared(root: str, rest: str, names: SymbolTable) -> Meaning:
    """A name of a section: the nearest that is there, else one to be declared."""
    # An address is made at build time, where settings alone are known.
    root = "settings" if names.use is ExpressionUse.BASE_URL else root
    declared = {
        "params": sorted(names.params),
        "secrets": sorted(names.secrets),
        "settings": sorted(names.settings),
    }[root]
    name = re.sub(r"[.-]", "_", rest).lower()
    near = name if name in declared else did_you_mean(name, declared)
    if near:
        return Meaning(f"{root}.{near}")
    return Meaning(f"{root}.{name}", f", {TO_DECLARE} `{root}:`")


def _of_response(rest: str) -> Meaning | None:
    first, *inside = rest.split(".")
    if plain(first) == "ok" and not inside:
        return Meaning("response.status >= 200 and response.status < 300")
    of = _RESPONSE.get(plain(first))
    if of is None:
        return None
    keys = inside if of != "response.headers" else [key.lower() for key in inside]
    return Meaning("".join([of, *(f"['{key}']" for key in keys)]))
