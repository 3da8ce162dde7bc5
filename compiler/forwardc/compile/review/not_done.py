"""What forwardc does not do at a vault, in the words of its facts. Knows no destination."""

from forwardc.compile.vaults.facts import Facts


def not_done(facts: Facts) -> list[str]:
    """One sentence each; what the vendor's documents do not say is marked with its reason."""
    if "not_done" not in facts.data:
        return []
    return [
        f"{fact['value']} (Our assumption: {doubt}.)" if doubt else str(fact["value"])
        for fact in facts.section("not_done").values()
        for doubt in (facts.doubt(fact),)
    ]
