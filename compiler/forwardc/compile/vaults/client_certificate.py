"""What a vault makes of a destination that asks its callers for a client certificate.

The vault calls the destination, so that it has to hold the certificate. How it gets there no plan
says: that is agreed with the vault, and its set-up names each step that needs it.
"""

from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import Support, Verdict

CODE = "FC0637"


def client_certificate_support(facts: Facts) -> Support:
    """A loss until the vault holds the certificate; the fact says what its documents leave open."""
    facts.single("client_certificate")
    reason = "the destination asks for a client certificate: the vault has to hold and present it"
    return Support(Verdict.DEGRADED, CODE, reason)
