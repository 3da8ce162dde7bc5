"""The table of diagnostic codes: number, slug, title, and the page that explains each.

A number is never reused; a slug names the problem. The pages are the files of `pages/`, each with a
bad and a good example that are run as tests.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from forwardc.core.dataclass import dataclass
from forwardc.core.resources import package_file


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding: `FC0302`, a slug such as `unknown-name`, and a one-line title."""

    number: str
    slug: str
    title: str

    @property
    def area(self) -> str:
        """What part of the work the code belongs to, such as `names and types`."""
        return AREAS[self.number[2:4]]


AREAS: Mapping[str, str] = MappingProxyType(
    {
        "01": "source",
        "02": "schema",
        "03": "names and types",
        "04": "stages",
        "05": "safety",
        "06": "what a vault cannot do",
        "07": "build files",
        "08": "runtime",
        "99": "a mistake of forwardc",
    }
)

_TABLE = (
    Code("FC0101", "unreadable-file", "A file cannot be read"),
    Code("FC0102", "not-utf8", "A file is not UTF-8 text"),
    Code("FC0103", "file-too-large", "A file is larger than its kind may be"),
    Code("FC0104", "yaml-syntax", "A file is not valid YAML"),
    Code("FC0105", "duplicate-key", "A mapping has the same key twice"),
    Code("FC0106", "nesting-too-deep", "A file nests too deeply"),
    Code("FC0107", "alias-bomb", "Aliases expand to too much"),
    Code("FC0108", "tab-indentation", "A line is indented with a tab"),
    Code("FC0109", "merge-key-hides-field", "A merge key hides a field"),
    Code("FC0110", "boolean-lookalike", "A word that some YAML readers take for a boolean"),
    Code("FC0111", "octal-lookalike", "A number that some YAML readers take for octal"),
    Code("FC0112", "sexagesimal-lookalike", "A value that some YAML readers take for base 60"),
    Code("FC0113", "not-a-finite-number", "A number is infinite or not a number"),
    Code("FC0114", "empty-value", "A key has no value"),
    Code("FC0115", "unterminated-expression", "An expression is opened and never closed"),
    Code("FC0116", "unsupported-yaml", "YAML that a destination may not use"),
    Code("FC0117", "odd-space", "A space that YAML takes for a letter"),
    Code("FC0118", "no-plain-file", "A file of the project is a link, a pipe or a device"),
    Code("FC0119", "allow-comment", "A comment that allows a finding is not written rightly"),
    Code("FC0120", "unknown-code", "A rule or comment names a code that is none"),
    Code("FC0121", "level-not-free", "A finding cannot have this level, or be allowed"),
    Code("FC0122", "unused-allow", "A comment allows a finding that is not there"),
    Code("FC0123", "allowed-twice", "Two comments allow one finding"),
    Code("FC0124", "other-layout", "A file is laid out otherwise than `forwardc fmt` does"),
    Code("FC0201", "unknown-key", "A key is not part of the language"),
    Code("FC0202", "missing-key", "A required key is missing"),
    Code("FC0203", "wrong-type", "A value has the wrong type"),
    Code("FC0204", "not-allowed-value", "A value is not one of those allowed"),
    Code("FC0205", "bad-pattern", "A value does not have the required form"),
    Code("FC0206", "out-of-range", "A value is too small, too large, too short or too long"),
    Code("FC0207", "exactly-one-of", "Exactly one of several keys is needed"),
    Code("FC0208", "schema-other", "The schema refuses a value"),
    Code("FC0209", "language-version", "The language version is not supported"),
    Code("FC0211", "reserved-namespace", "A namespace or prefix belongs to XML itself"),
    Code("FC0301", "expression-syntax", "An expression cannot be parsed"),
    Code("FC0302", "unknown-name", "A name in an expression is not known"),
    Code("FC0303", "wrong-type-in-expression", "An operand has the wrong type"),
    Code("FC0304", "unknown-function", "A function is not known"),
    Code("FC0305", "wrong-arguments", "A function is called with the wrong arguments"),
    Code("FC0306", "step-reads-later-step", "A step reads an output that does not exist yet"),
    Code("FC0307", "undeclared-param", "A param is used but not declared"),
    Code("FC0308", "unused-param", "A param is declared but never used"),
    Code("FC0309", "undeclared-secret", "A secret is used but not declared"),
    Code("FC0310", "unused-secret", "A secret is declared but never used"),
    Code("FC0311", "unused-setting", "A setting is declared but never used"),
    Code("FC0312", "unknown-setting", "A setting is used but not declared"),
    Code("FC0313", "bare-expiry", "An expiry date is used without its part and form"),
    Code("FC0314", "mixed-instruments", "A step mixes the card and the network token"),
    Code("FC0315", "optional-in-text", "An optional value stands inside text"),
    Code("FC0316", "optional-needs-mark", "An optional value is used without its mark"),
    Code("FC0317", "unknown-output", "A step has no such output"),
    Code("FC0318", "fallback-operation", "A fallback does not name a fitting operation"),
    Code("FC0319", "duplicate-secret-name", "Two destinations declare the same secret"),
    Code("FC0320", "setting-value", "A setting has no value, or a wrong one, in forwardc.yaml"),
    Code("FC0321", "let-cycle-or-unused", "A let name is circular or never used"),
    Code("FC0322", "expression-in-key", "A key contains an expression"),
    Code("FC0323", "int-of-sensitive-card-atom", "Card digits are turned into a number"),
    Code("FC0324", "unclear-answer", "Rules read an answer in two ways"),
    Code("FC0325", "approved-by-default", "A rule approves whatever was answered"),
    Code("FC0326", "no-outcome", "Nothing says what an answer means"),
    Code("FC0327", "unused-prefix", "A prefix of a namespace is declared but never used"),
    Code("FC0328", "undeclared-prefix", "A prefix is used but not declared"),
    Code("FC0329", "attribute-twice", "An XML element has one attribute twice"),
    Code("FC0330", "amount-without-currency", "Nothing says what an amount is counted in"),
    Code("FC0331", "unknown-currency", "A currency is not one that can be paid there"),
    Code("FC0332", "money-table", "A destination's way to count money does not fit together"),
    Code("FC0333", "other-currency", "An amount is read in a currency that is not its own"),
    Code("FC0334", "money-not-declared", "A known vendor counts money in its own way"),
    Code("FC0335", "unmarked-amount", "A number of a json param may be an amount"),
    Code("FC0336", "amount-in-schema", "An amount stands where a schema cannot say it"),
    Code("FC0337", "amount-of-answer", "An amount of an answer does not say what it is"),
    Code("FC0338", "signature-needs", "A signature lacks something that it signs"),
    Code("FC0339", "signature-written-twice", "A signature writes what the author wrote, too"),
    Code("FC0340", "pattern-not-linear", "A pattern cannot be searched in linear time"),
    Code("FC0341", "schema-too-costly", "Checking by a JSON Schema takes too long"),
    Code("FC0342", "scheme-not-allowed", "A scheme that no address of a run may have"),
    Code("FC0343", "numeric-reference", "Values of a param could look like card numbers"),
    Code("FC0344", "secret-of-two-forms", "One secret is used in two forms"),
    Code(
        "FC0346", "unknown-owner", "A secret's owner is no declared vendor, or has no such secret"
    ),
    Code("FC0347", "owner-namesake", "A vendor has the name of a destination with own secrets"),
    Code("FC0348", "unused-vendor", "Nobody uses a vendor or a secret of it"),
    Code("FC0349", "environment-class", "An environment's class is not said, or not its name's"),
    Code("FC0350", "environment-like", "Nothing can be copied from what `like:` names"),
    Code("FC0351", "reference-never-sent", "What names a payment is never sent to its destination"),
    Code("FC0352", "reference-sensitive", "What names a payment may not be shown"),
    Code("FC0353", "reference-of-the-card", "What names a payment is of the card or the vault"),
    Code("FC0354", "reference-of-many", "What names a payment is the same for many"),
    Code("FC0355", "answer-in-destination", "A destination records what a vault agreed to"),
    Code("FC0356", "arrangement-place", "An arrangement is for a step or place that is not there"),
    Code("FC0357", "arrangement-format", "An arrangement's form of the expiry does not fit"),
    Code("FC0358", "grant-without-arrangement", "What a vault agreed to fits no arrangement"),
    Code("FC0359", "grant-date", "What a vault agreed to does not hold on this day"),
    Code("FC0360", "pick-needs-a-setting", "A choice is not decided by a setting"),
    Code("FC0361", "pick-alternatives", "A choice has no alternative for a value, or one too many"),
    Code("FC0362", "pick-of-unlike-types", "The alternatives of a choice are of unlike types"),
    Code("FC0363", "map-entries", "A `map` lacks an entry, or has one that nothing looks up"),
    Code("FC0364", "map-of-unlike-types", "The values of a `map` are of unlike types"),
    Code("FC0365", "map-without-else", "A `map` says nothing for other values of an open type"),
    Code("FC0366", "code-unknown", "A currency or country has no such other code"),
    Code("FC0367", "time-format", "A time cannot be written in this form"),
    Code("FC0368", "json-member", "The schema of a param has nothing at this place"),
    Code("FC0369", "list-place", "A list cannot be written at this place"),
    Code("FC0370", "poll-place", "A step that asks for a payment stands at the wrong place"),
    Code("FC0371", "poll-not-safe", "A question that is sent again may change something"),
    Code("FC0372", "poll-never-pending", "Nothing is called pending, so that nothing is asked"),
    Code("FC0373", "poll-limits", "A limit of the questions is never reached"),
    Code("FC0401", "vault-value-where-run-needed", "Only the vault knows this value"),
    Code("FC0402", "run-value-where-build-needed", "This value is not known at build time"),
    Code("FC0403", "secret-at-build", "A secret is needed at build time"),
    Code("FC0404", "vault-value-in-direct-step", "A direct step uses a value of the vault"),
    Code("FC0405", "instrument-without-card", "A value of the card where a run has no card"),
    Code("FC0406", "reused-through-vault", "What a vault's step gives serves one run"),
    Code("FC0407", "reused-of-one-run", "What is used again depends on a run"),
    Code("FC0408", "reused-for-nothing", "Nobody reads what is used again"),
    Code("FC0501", "card-data-in-url", "Card data stands in a URL or query"),
    Code("FC0502", "card-data-in-header", "Card data stands in a header"),
    Code("FC0503", "card-data-in-reference", "Card data stands in a reference or idempotency key"),
    Code("FC0504", "secret-literal", "A secret is written into a file"),
    Code("FC0505", "card-number-literal", "A card number is written into a file"),
    Code("FC0506", "card-or-secret-to-other-host", "A card or secret is sent to another host"),
    Code("FC0507", "plain-http", "A URL uses http instead of https"),
    Code("FC0508", "header-injection", "A header contains a line break or control character"),
    Code("FC0509", "template-syntax-typed", "Text contains a vault's template syntax"),
    Code("FC0510", "cvc-in-merchant-initiated", "A merchant-initiated operation sends a CVC"),
    Code("FC0511", "secret-in-url", "A secret stands in the path of a URL"),
    Code("FC0512", "weak-key", "A key is too weak or of the wrong kind"),
    Code("FC0513", "bad-header-name", "A header name is not allowed"),
    Code("FC0514", "content-type-contradicts-body", "A Content-Type is not that of the body"),
    Code("FC0515", "host-not-public", "A host is no public name"),
    Code("FC0516", "private-host", "A direct step calls a private host that nobody has allowed"),
    Code("FC0517", "path-leads-elsewhere", "A path could lead to another one than it says"),
    Code("FC0520", "shape-tells-nothing", "The shapes of a secret do not tell test from live"),
    Code("FC0521", "secret-without-shape", "A secret has no shape where credentials tell apart"),
    Code("FC0522", "live-host-unknown", "Nobody knows whether a sandbox is apart from production"),
    Code("FC0523", "live-host-in-sandbox", "A sandbox calls a host that serves live accounts"),
    Code("FC0601", "function-not-in-vault", "The vault cannot compute a function"),
    Code("FC0602", "method-not-in-vault", "The vault cannot send this HTTP method"),
    Code("FC0603", "body-not-in-vault", "The vault cannot send this kind of body"),
    Code("FC0604", "expiry-format-not-in-vault", "The vault has no such form of the expiry date"),
    Code("FC0605", "secret-place-not-in-vault", "The vault cannot put a secret here"),
    Code("FC0606", "limit-exceeded", "A request is larger than the vault allows"),
    Code("FC0607", "signature-not-in-vault", "The vault cannot compute this signature"),
    Code("FC0608", "atom-not-in-vault", "The vault does not hold this value"),
    Code("FC0609", "run-value-in-url", "The vault takes only a fixed URL"),
    Code("FC0610", "needs-onboarding", "The vault must first allow this URL"),
    Code("FC0611", "unescaped-text", "The vault inserts text without escaping it"),
    Code("FC0612", "may-arrive-empty", "A value may arrive empty"),
    Code("FC0613", "supplied-by-caller", "The caller must supply what the vault does not hold"),
    Code("FC0614", "authentication-refused", "A vault credential is not accepted"),
    Code("FC0615", "mixed-secret-and-card", "A header mixes a runtime secret with a vault value"),
    Code("FC0616", "unconfirmed-feature", "The vault's documents do not confirm a feature"),
    Code("FC0617", "source-kind", "The vault's kind of source does not fit"),
    Code("FC0618", "target-refused", "A target that must work is refused"),
    Code("FC0619", "composed-text-not-in-vault", "The vault cannot join text with its own values"),
    Code("FC0620", "query-not-in-vault", "The vault cannot send this query"),
    Code("FC0621", "single-use-token", "A token that works once is needed twice"),
    Code("FC0622", "text-not-in-vault", "The vault cannot carry a text as it is written"),
    Code("FC0624", "counting-unconfirmed", "Nobody confirms how a destination counts money"),
    Code("FC0625", "needs-arrangement", "The vault must first agree to this"),
    Code("FC0626", "by-arrangement", "The vault agreed to this"),
    Code("FC0627", "as-if-agreed", "A sandbox plays what the vault has not agreed to"),
    Code("FC0628", "could-be-arranged", "The vault knows the URL, and could agree"),
    Code("FC0629", "arrangement-not-offered", "The vault agrees to no such thing"),
    Code("FC0630", "arrangement-lifts-nothing", "An arrangement is for what works without it"),
    Code("FC0633", "kept-by-vault", "The vault keeps a sensitive value for a while"),
    Code("FC0634", "account-detail-asked", "An account lacks what the vendor's clients need"),
    Code("FC0635", "instrument-not-told", "The vault's API does not tell this of a card"),
    Code("FC0636", "source-cannot-be-asked", "The vault cannot be asked about each source"),
    Code("FC0637", "client-certificate-at-vault", "The vault must hold a client certificate"),
    Code("FC0701", "stale-build", "The files in build/ are out of date"),
    Code("FC0702", "build-file-damaged", "A file in build/ differs from its digest"),
    Code("FC0703", "unknown-plan-version", "A plan has a version that is not known"),
    Code("FC0704", "build-missing", "A plan has not been built"),
    Code("FC0705", "damaged-lock", "The lock file is damaged or was edited"),
    Code("FC0706", "approve-refused", "An approval cannot be given"),
    Code("FC0707", "no-build-to-compare", "There is no build to compare with"),
    Code("FC0708", "production-details-missing", "A PSP's reviewers ask for more than is given"),
    Code("FC0709", "attestation", "PCI evidence is missing, has lapsed or is near its end"),
    Code("FC0710", "old-approvals", "The approvals are of an old format"),
    Code("FC0711", "undecided-step", "An approval of a step that decides nothing"),
    Code("FC0712", "counting-not-declared", "A known vendor's way to count is not declared"),
    Code("FC0713", "build-under-way", "Another build of the folder does not end"),
    Code("FC0714", "account-country", "A vault does not take accounts of the merchant's country"),
    Code("FC0715", "pci-status", "What is said of another company's PCI status is not whole"),
    Code("FC0716", "approval-denied-by-build", "A plan says wrongly that it needs no approval"),
    Code("FC0801", "missing-input", "An input of the source is missing"),
    Code("FC0802", "bad-source", "The source does not fit the vault"),
    Code("FC0803", "missing-param", "A required param is not given"),
    Code("FC0804", "bad-param", "A param has a value that is not allowed"),
    Code("FC0805", "unknown-param", "A param is given that the operation does not have"),
    Code("FC0806", "missing-secret", "A secret is not available"),
    Code("FC0807", "value-not-expressible", "A value cannot be carried safely in its place"),
    Code("FC0808", "limit-at-bind", "The bound request is larger than the vault allows"),
    # FC0809 was environment-refused, before approvals were read: FC0814 and FC0815.
    Code("FC0810", "bad-host", "A host is not the one the plan names"),
    Code("FC0811", "idempotency-key", "An idempotency key cannot be used"),
    Code("FC0812", "card-number-in-param", "A param looks like a card number"),
    Code("FC0813", "unknown-operation", "There is no such destination or operation"),
    Code("FC0814", "not-approved", "What leaves is not what was approved"),
    Code("FC0815", "stand-in-in-production", "A stand-in cannot run in production"),
    Code("FC0816", "sealing-key-refused", "A key cannot be sealed for the vault"),
    Code("FC0817", "secret-store-failed", "The vault's store of secrets did not do what was asked"),
    Code("FC0818", "history-newer", "A newer forwardc has changed the history"),
    Code("FC0819", "history-unavailable", "The history cannot be read or written"),
    Code("FC0820", "unknown-run", "The history has no such run"),
    Code("FC0821", "cannot-resume", "A run cannot be continued"),
    Code("FC0822", "paused", "A vault or destination is paused"),
    Code("FC0823", "run-in-use", "Another process has the run"),
    Code("FC0824", "not-reconciled", "What became of a run could not be found out"),
    Code("FC0825", "secret-source-failed", "A source of secrets does not give a value"),
    Code("FC0826", "oauth-refused", "The vault gives no access token"),
    Code("FC0827", "dashboard-address", "The dashboard cannot be served at an address"),
    Code("FC0828", "callback-refused", "A callback was not taken"),
    Code("FC0829", "token-unknown", "A token is not known"),
    Code("FC0830", "lookup-refused", "The data of payment references cannot be used"),
    Code("FC0831", "guessable-reference", "Payment references can be guessed"),
    Code("FC0832", "server-settings", "The settings of the server are not right"),
    Code("FC0833", "server-start", "The server cannot begin to serve"),
    Code("FC0834", "idempotency-key-reused", "An idempotency key came with other content"),
    Code("FC0835", "idempotency-key-held", "The run of an idempotency key has not ended"),
    Code("FC0836", "amount-refused", "The destination cannot be told an amount exactly"),
    Code("FC0837", "counting-unknown", "Nobody has said how a destination counts a currency"),
    Code("FC0840", "reference-row-left-out", "A row of the payment references is left out"),
    Code("FC0841", "sensitive-argument", "A sensitive value stands in an argument of a command"),
    Code("FC0842", "revoke-refused", "An approval cannot be withdrawn"),
    Code("FC0843", "client-destinations", "What a client may ask for is not said"),
    Code("FC0844", "server-parts", "The installed web server is not one that was tested"),
    Code("FC0845", "credential-of-other-class", "A credential is not of this environment"),
    Code("FC0846", "oauth-unavailable", "The vault's token endpoint does not answer"),
    Code("FC0847", "old-secret-name", "A variable of a secret has a name of the old form"),
    Code("FC0848", "unknown-secret-name", "A variable holds no secret that is known"),
    Code("FC0849", "never-told", "The lookup never tells what a plan needs"),
    Code("FC0850", "guessable-secret", "A secret can be guessed from its hash"),
    Code("FC0851", "instrument-not-asked-again", "The vault does not tell of the card again"),
    Code("FC0852", "client-certificate-unusable", "A client certificate cannot be used"),
    Code("FC0853", "told-for-nothing", "The lookup tells what nothing that is served takes"),
    Code("FC0855", "cannot-be-forwarded", "A payment cannot be forwarded until somebody mends it"),
    Code("FC0856", "arrangement-ended", "What a vault agreed to has ended"),
    Code("FC0857", "played-arrangement", "What nobody agreed to runs in a sandbox only"),
    Code("FC0859", "demo-ids", "Ids for trying out stand where a merchant's own must"),
    Code("FC0860", "sealing-unconfirmed", "It is not documented what a vault hashes of a header"),
    Code("FC0861", "answers-setting", "How long answers are kept is not said rightly"),
    Code("FC0867", "no-history", "There is no history where one was to be read"),
    Code("FC0868", "history-older", "A history is of an older version"),
    Code("FC0869", "nothing-fits", "No run fits the filters of an export"),
    Code("FC9901", "internal-error", "forwardc itself failed"),
)

CODES: Mapping[str, Code] = MappingProxyType({code.number: code for code in _TABLE})


def lookup(code: str) -> Code | None:
    """Find a code by number or slug, ignoring case; None when there is none."""
    text = code.strip()
    by_number = CODES.get(text.upper())
    if by_number is not None:
        return by_number
    return next(
        (code_of_slug for code_of_slug in _TABLE if code_of_slug.slug == text.lower()), None
    )


def similar(code: str) -> list[str]:
    """Up to five numbers that a mistyped or partial code may have meant, best first."""
    text = code.strip()[:80]
    same_start = [number for number in CODES if text and number.startswith(text.upper())]
    if same_start:
        return same_start[:5]
    by_slug = {code_row.slug: code_row.number for code_row in _TABLE}
    close = get_close_matches(text.upper(), CODES, n=5, cutoff=0.7)
    slugs = get_close_matches(text.lower(), by_slug, n=5, cutoff=0.6)
    return list(dict.fromkeys([*close, *(by_slug[slug] for slug in slugs)]))[:5]


def page(code: str) -> str:
    """Return the Markdown page of a code, given by number or slug.

    Raises:
        KeyError: there is no such code.
    """
    entry = lookup(code)
    if entry is None:
        raise KeyError(code)
    folder = package_file("core", "diagnostics", "pages")
    return (folder / f"{entry.number}.md").read_text(encoding="utf-8")


def pages() -> list[str]:
    """Return the numbers that have a page, sorted."""
    folder = package_file("core", "diagnostics", "pages")
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".md") for name in names if name.endswith(".md"))
