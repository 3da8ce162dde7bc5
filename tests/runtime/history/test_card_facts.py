"""What is known of a card is kept with the runs of its source; nothing that was told is lost."""

from forwardc.runtime.history import reads, writes
from forwardc.runtime.history.store import open_store
from forwardc.runtime.run.result import CardFacts
from stored_runs import complete, new_run


def test_what_was_told_stays_and_what_lacks_is_added(history_url: str) -> None:
    with open_store(history_url) as store:
        first, second, third = (complete(store, new_run()) for _ in range(3))

        def tell(run: str, card: CardFacts) -> None:
            store.database.write(lambda tx: writes.add_card_facts(tx, run, card))

        def known() -> CardFacts | None:
            return store.database.read(
                lambda tx: reads.card_facts(
                    tx, first.vault, first.environment, first.source_id, emulated=first.emulated
                )
            )

        assert known() is None
        tell(first.id, CardFacts("visa", None))
        assert known() == CardFacts("visa", None)
        tell(first.id, CardFacts("Visa", "FR"))
        assert known() == CardFacts("visa", "FR")
        # A newer run that knows less is not what is known.
        tell(second.id, CardFacts("visa", None))
        assert known() == CardFacts("visa", "FR")
        tell(third.id, CardFacts("Visa", "DE"))
        assert known() == CardFacts("Visa", "DE")
        tell(third.id, CardFacts("Amex", "US"))
        assert known() == CardFacts("Visa", "DE")
