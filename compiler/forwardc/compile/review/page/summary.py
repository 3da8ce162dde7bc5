"""The top of the page: who asks, for what, where to, which card data, what protects it.

In words, for somebody who reads nothing else: each is collected over all operations, and said once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.review.packet import ReviewPacket
from forwardc.compile.review.page.places import NestedPart
from forwardc.compile.review.page.protection import EncryptedPart, RequestSignature, on_the_way
from forwardc.compile.review.page.request_values import PlacedValue, values_of
from forwardc.compile.review.page.wording import VendorNames, atom_words, url_of
from forwardc.compile.vaults.assess import Assessment
from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.terms import Atom, If

_VOCABULARY: Final = tuple(dict.fromkeys(atom_words(name) for name in ATOMS))


@dataclass(frozen=True, slots=True)
class CardValue:
    """A card value of an operation in words. `sealed`: it leaves inside a JWE only."""

    words: str
    optional: bool
    sealed: bool


def card_data(assessment: Assessment) -> list[CardValue]:
    """What an operation sends of the card, each once, in the order of the vocabulary."""
    uses: dict[str, list[tuple[bool, bool]]] = {}
    for step in assessment.context.operation.steps:
        for name, optional, is_sealed in _atoms(step):
            uses.setdefault(atom_words(name), []).append((optional, is_sealed))
    return [
        CardValue(words, all(optional for optional, _ in how), all(hidden for _, hidden in how))
        for words in _VOCABULARY
        if (how := uses.get(words))
    ]


def _atoms(step: ProgramStep) -> Iterator[tuple[str, bool, bool]]:
    """Each card value of a request: its name, whether it may be absent, whether a JWE hides it."""
    request = step.request
    maybe = {node.present for node in request.nodes if isinstance(node, If)}
    values = values_of(request)
    for value in (*values.pairs, *values.body):
        for atom, is_sealed in _atoms_of(value, sealed=False):
            yield atom.name, atom.name in maybe, is_sealed


def _atoms_of(value: PlacedValue, *, sealed: bool) -> Iterator[tuple[Atom, bool]]:
    for node in value.nodes:
        if isinstance(node, Atom):
            yield node, sealed
    for inside in value.parts:
        for inner in inside.values:
            yield from _atoms_of(inner, sealed=sealed or inside.part is NestedPart.DATA)


def summary(
    built: list[Assessment],
    protected: Mapping[tuple[str, str], tuple[list[EncryptedPart], list[RequestSignature]]],
) -> dict[str, Any]:
    """What the template shows at the top. Lists, each entry once, in the order of the steps."""
    steps = [
        (assessment, step) for assessment in built for step in assessment.context.operation.steps
    ]
    through = any(assessment.reaches_vault for assessment in built)
    return {
        "through_vault": through,
        "targets": list(
            dict.fromkeys((step.request.method, url_of(step.request.url)) for _, step in steps)
        ),
        "card": _union([sent for assessment in built for sent in card_data(assessment)]),
        "sealed": _distinct(
            (each.place, each.alg, each.enc, each.key, each.by)
            for encrypted, _ in protected.values()
            for each in encrypted
        ),
        "signed": _distinct(
            (each.place, each.title, each.algorithm, each.secret, each.by)
            for _, signatures in protected.values()
            for each in signatures
        ),
        "on_the_way": list(
            dict.fromkeys(
                header["headers"]
                for assessment in built
                for made in assessment.emitted_steps
                for header in on_the_way(made)
            )
        ),
        "plain_http": any(url_of(step.request.url).startswith("http://") for _, step in steps),
        "unconfirmed": any(str(assessment.status) != "documented" for assessment in built),
    }


def _union(sent_values: list[CardValue]) -> list[CardValue]:
    """Each kind of card data once: certain where it is so in every operation."""
    grouped: dict[str, list[CardValue]] = {}
    for sent in sent_values:
        grouped.setdefault(sent.words, []).append(sent)
    return [
        CardValue(words, any(sent.optional for sent in group), all(sent.sealed for sent in group))
        for words, group in grouped.items()
    ]


def _distinct(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(rows))


def vendor_names(pack: ReviewPacket) -> VendorNames:
    """How the vault's documents call each card value, by ours; empty where it has none."""
    facts = pack.vault.facts.data
    wallets = facts.get("arrangements", {}).get("network_token", {}).get("value", {})
    atoms = {**wallets.get("atoms", {}), **facts.get("atoms", {})}
    return {name: str(fact["value"]) for name, fact in atoms.items()}
