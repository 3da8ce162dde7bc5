"""The chapter of terms: its table is that of the union and the codec, its trace is what happens."""

import re
from decimal import Decimal
from typing import get_args

from forwardc.core.terms import terms
from forwardc.core.terms.codec import to_json
from forwardc.core.terms.compiled_writer import compiled_writer
from forwardc.core.terms.evaluator import Scope
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
)
from forwardc.core.terms.values import Secret

TABLE = {
    cells[0]: cells[2]
    for line in re.findall(r"(?m)^\| ([A-Z]\w+ \|.*) \|$", terms.__doc__ or "")
    if (cells := [cell.strip() for cell in line.split("|")])
}
VALUE = Ref("params.a")
SAMPLES: tuple[Term, ...] = (
    Lit(Decimal(1)),
    VALUE,
    Raw("{{card_number}}"),
    Call("lower", (VALUE,)),
    Text((VALUE,)),
    Map((("$a", VALUE),)),
    Seq((VALUE,)),
    If("params.a", VALUE),
    Encoded(Encoding.JSON, VALUE),
    Limit(3, "a", VALUE),
    Source(),
    Amount(VALUE, Lit("EUR")),
)


def test_the_table_has_every_kind_in_the_order_of_the_union() -> None:
    assert list(TABLE) == [kind.__name__ for kind in get_args(Term)]


def test_the_table_says_how_a_plan_holds_a_kind() -> None:
    assert {type(sample) for sample in SAMPLES} == {*get_args(Term)} - {Atom}
    for sample in SAMPLES:
        data = to_json(sample)
        keys = re.findall(r"`(\$\w*)`", TABLE[type(sample).__name__])
        assert keys == ([next(iter(data))] if isinstance(data, dict) else []), sample
    assert TABLE["Atom"] == "never"


def test_the_header_that_is_followed_is_written_so() -> None:
    header = Encoded(Encoding.HEADER, Text((Lit("Bearer "), Ref("secrets.key"))))
    assert str({"$text": ["Bearer ", {"$": "secrets.key"}]}) in str(to_json(header))
    write = compiled_writer(header)
    values = {"secrets.key": Secret("k1")}
    assert write(Scope(values, reveal=True)) == "Bearer k1"
    assert write(Scope(values)) == "Bearer ***"
