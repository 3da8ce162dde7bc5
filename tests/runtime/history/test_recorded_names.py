"""What a page shows at a glance, on both databases: names, and runs that wait."""

from dashboards import fresh_settings
from forwardc.core.outcome import Outcome
from forwardc.dashboard.views import ViewContext
from forwardc.runtime.history.queries import RecordedNames
from forwardc.runtime.history.store import Store
from stored_runs import Clock, complete, intent_of, new_run


def test_every_name_stands_there_once(store: Store) -> None:
    context = ViewContext(store, fresh_settings())
    assert context.places() == RecordedNames((), ())
    for vault, destination in (("stripe", "rokt"), ("checkout", "adyen"), ("stripe", "adyen")):
        complete(store, new_run(vault=vault, destination=destination))
    complete(store, new_run(environment="production@us"))
    places = context.places()
    assert places.environments == ("production@us", "sandbox")
    assert (places.vaults, places.destinations) == (("checkout", "stripe"), ("adyen", "rokt"))


def test_runs_to_settle_are_counted_like_they_are_listed(store: Store, clock: Clock) -> None:
    context = ViewContext(store, fresh_settings())
    complete(store, new_run())
    complete(store, new_run(), outcome=Outcome.UNKNOWN, status=503)
    held = new_run()
    store.begin(held)
    store.intent(held.id, held.owner, intent_of(held))
    assert context.waiting(10) == len(store.unknown_runs()) == 1
    clock.turn(hours=1)
    assert context.waiting(10) == len(store.unknown_runs()) == 2
    assert context.waiting(1) == 1
