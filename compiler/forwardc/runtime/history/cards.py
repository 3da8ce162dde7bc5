"""What vaults told of cards: found by the source of an earlier run, kept with a later one.

Every function is one transaction's work. A sandbox of ours knows nothing of a vault's cards.
"""

from typing import Final

from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.run.result import CardFacts

# Of the newest ones the newest with both: a destination may have told the scheme alone.
_KNOWN: Final = """
SELECT scheme, issuing_country FROM (
  SELECT runs.seq, steps.scheme, steps.issuing_country
  FROM runs JOIN steps ON steps.run_id = runs.id
  WHERE runs.source_id = ? AND runs.vault = ? AND runs.environment = ? AND runs.emulated = ?
    AND (steps.scheme IS NOT NULL OR steps.issuing_country IS NOT NULL) AND steps.deliver = 'vault'
  ORDER BY runs.seq DESC LIMIT 50
) AS newest
ORDER BY CASE WHEN scheme IS NULL OR issuing_country IS NULL THEN 1 ELSE 0 END, seq DESC LIMIT 1
"""
_TELL: Final = """
UPDATE steps SET scheme = COALESCE(scheme, ?), issuing_country = COALESCE(issuing_country, ?)
WHERE run_id = ? AND deliver = 'vault' AND (scheme IS NULL OR issuing_country IS NULL)
"""


def card_facts(
    tx: Transaction, vault: str, environment: str, source: str, *, emulated: bool
) -> CardFacts | None:
    """What the newest run of a source knows of its card; None for nothing."""
    found = first_row(tx, _KNOWN, source, vault, environment, emulated)
    return CardFacts(*found) if found else None


def add_card_facts(tx: Transaction, run_id: str, card: CardFacts) -> None:
    """Keep what a run's vault steps did not tell."""
    tx.run(_TELL, card.scheme, card.issuing_country, run_id)
