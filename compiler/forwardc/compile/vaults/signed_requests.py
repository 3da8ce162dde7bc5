"""What every vault carries of a signature that is computed outside: any, but one over the card.

A scheme's row says what it hashes. Where card data is in that, only the vault could compute it, and
none of ours does. Where the body is hashed and no card is in it, the vault has to send the body's
very bytes, which no vault's documents promise.
"""

from collections.abc import Iterator

from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.vaults.contract import Context, Vault
from forwardc.compile.vaults.findings import Finding, Verdict


def signed_requests(context: Context, vault: Vault) -> Iterator[Finding]:
    """A refusal for each signature over the card, a doubt for one over a body that a vault sends.

    A step that we send ourselves has neither.
    """
    for step in context.vault_steps if vault.name != "direct" else ():
        yield from _of_step(step, vault.facts.title)


def _of_step(step: ProgramStep, vault: str) -> Iterator[Finding]:
    sign = step.request.sign
    if sign is None or not sign.is_term:
        return
    from forwardc.core.signatures.schemes import SIGNATURE_SCHEMES

    scheme = SIGNATURE_SCHEMES[sign.scheme]
    if sign.card is not None:
        reason = (
            f"`{sign.scheme}` signs {scheme.hash}, and `{sign.card.name}` is in it: "
            f"{vault} computes no such hash; a token of the destination can stand there, or OAuth"
        )
        yield Finding(Verdict.REFUSED, "FC0607", reason, sign.span, step.name)
    elif step.request.body and scheme.hashes_body(step.request.method, sign.said):
        reason = f"`{sign.scheme}` signs the body, and no document says that its bytes are kept"
        yield Finding(Verdict.UNCONFIRMED, "FC0616", reason, sign.span, step.name)
