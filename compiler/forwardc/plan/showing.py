"""What a plan says for those who look at a run: what the destination gets, and where its card is.

Nothing of what leaves in a run's own requests depends on it.
"""

from pydantic import Field

from forwardc.plan.parts import Http, Part, Table


class Tells(Part):
    """Where an answer of the vault tells of the card, as JSON Pointers. Nothing is asked for it."""

    scheme: str | None = None
    issuing_country: str | None = None


class LogAt(Part):
    """Where the vault's own answer names its page of a call, as a JSON Pointer, and on which host.

    A URL of any other host is none.
    """

    at: str
    host: str


class Gets(Part):
    """Where the request to a vault holds the parts of the destination's, and what stands for what.

    Places are paths of its body field by field: all that begins so belongs to the part. `headers`,
    `query` and `variables` are members of an object, or pairs of `name` and `value`. `fills` are
    the vault's own texts, by the name in the destination's file of what takes their place.
    """

    body: str
    headers: str
    encrypted: str | None = None
    query: str | None = None
    variables: str | None = None
    fills: Table[str, str] = Field(default_factory=dict)


class CardLookup(Part):
    """A question to the vault about a card, after a run, where the merchant lets it be asked.

    `kinds` are the sources that it can be asked about. `scopes` are what an access token needs.
    """

    http: Http
    kinds: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    tells: Tells
