"""What tells a sandbox from live over a whole project: the live hosts, and who calls one.

The live hosts of the vaults' facts are the runtime's table; a project adds its own to them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from forwardc.compile.ir.summary import DestinationSummary, PlaceSummary
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.separation import matching, plain, shipped

Classes: TypeAlias = Mapping[str, EnvironmentClass]
"""The class of each environment of a project, by name."""


def live_names(destinations: Iterable[DestinationSummary], classes: Classes) -> set[str]:
    """The hosts of every live account of a project: built, or written in a file only."""
    return {
        host for destination in destinations for host in _live_hosts(destination, classes) if host
    }


def _live_hosts(destination: DestinationSummary, classes: Classes) -> Iterator[str]:
    for place in destination.places:
        if place.where.class_ == "production":
            yield plain(place.host)
    yield from (name for name in _written(destination, classes) if "*" not in name)


def check_separation(
    destinations: Sequence[DestinationSummary], classes: Classes, sink: Sink
) -> None:
    """Warn of each sandbox that is not proven to be apart from live: FC0522 and FC0523.

    Without a production there is no setting that lacks its value there.
    """
    live = shipped() | live_names(destinations, classes)
    for destination in destinations:
        unknown = _unknown(destination, classes) if "production" in classes.values() else None
        for place in destination.places:
            if place.where.class_ == "production" or place.separated_by != "host" or not place.host:
                continue
            if place.host in live:
                _shared(destination, place, sink)
            elif unknown is not None:
                _not_proven(destination, place, unknown, sink)


def _shared(destination: DestinationSummary, place: PlaceSummary, sink: Sink) -> None:
    sink.warning(
        "FC0523",
        f"the {place.where.name} of {destination.name} calls a host that serves live"
        " accounts, too: it needs an approval as production does",
        place.span,
        hint="where the credentials tell test from live, give each secret its `shape:`, and write"
        " `separated_by: credential`; where nothing does, write `separated_by: none`",
    )


def _not_proven(
    destination: DestinationSummary, place: PlaceSummary, live: str, sink: Sink
) -> None:
    if not matching(live).fullmatch(plain(place.host)):
        return
    sink.warning(
        "FC0522",
        f"nobody knows whether the {place.where.name} of {destination.name} is apart from"
        " its production, whose host is a setting without a value",
        place.span,
        hint="give the setting its value in production, or write `separated_by:` what tells test"
        " from live",
    )


def _unknown(destination: DestinationSummary, classes: Classes) -> str | None:
    """The live host with `*` for each setting without a value; None where it is known.

    A destination that holds names of ours in every operation never reaches production.
    """
    if any(place.where.class_ == "production" or place.stands_in for place in destination.places):
        return None
    wide = [host for host in _written(destination, classes) if "*" in host]
    return wide[-1] if wide else None


def _written(destination: DestinationSummary, classes: Classes) -> Iterator[str]:
    """The live hosts of a destination's file, `*` for a setting.

    An environment that no project knows is no sandbox: a host too many costs a look only.
    """
    for environment in destination.environments:
        name = environment.name
        class_ = "sandbox" if name == "sandbox" else classes.get(name, "production")
        if class_ == "production" and environment.host is not None:
            yield environment.host
