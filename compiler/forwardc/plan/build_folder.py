"""Reads plans out of `build/`, each checked against the digests of the manifest."""

from collections.abc import Iterator
from pathlib import Path

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.diagnostics.text_file import BUILT as PUT_THERE
from forwardc.core.diagnostics.text_file import unreadable
from forwardc.core.documents.part import DocumentPart
from forwardc.core.documents.reading import parsed_json, read_part
from forwardc.core.files.checkout import CheckoutPath, as_checkout
from forwardc.core.files.digest import file_digest
from forwardc.core.files.kinds import BUILT, FileRefusedError
from forwardc.core.terms.codec import InvalidPlanError
from forwardc.plan.environment import place_in_words
from forwardc.plan.formats import FORMAT_VERSION, STAGED, STAGED_LOCK
from forwardc.plan.model import Plan, UnknownVersionError, load_plan
from forwardc.plan.separation import of_plan, shipped

MANIFEST = "manifest.json"
_BUILD_HINT = "run `forwardc build`"


class Manifest(DocumentPart):
    """The digests of every input and output of a build; paths of outputs are below `build/`."""

    forwardc: int
    language: int
    inputs: dict[str, str]
    outputs: dict[str, str]
    live_hosts: list[str] | None = None
    """The hosts of every live account of the project."""

    def plans(self) -> list[tuple[str, str, str]]:
        """Vault, destination and place (`environment[@account]`) of every plan, sorted."""
        parts = [path.split("/") for path in self.outputs if path.endswith(".plan.json")]
        return sorted(
            (vault, destination, name.removesuffix(".plan.json"))
            for vault, destination, name in (part for part in parts if len(part) == 3)
        )


def read_manifest(build: Path | CheckoutPath, sink: Sink) -> Manifest | None:
    """The manifest of a build folder, or None with FC0702, FC0703 or FC0704 in the sink.

    FC0118 where a link is on the way to it, unless `build` is said to be mounted.
    """
    path = Path(str(build)) / MANIFEST
    try:
        manifest = read_part(Manifest, parsed_json((as_checkout(build) / MANIFEST).read(BUILT)))
    except FileRefusedError as problem:
        unreadable(problem, path.as_posix(), "FC0702", sink, hint=PUT_THERE)
        return None
    except FileNotFoundError:
        sink.error(
            "FC0704", f"there is no {MANIFEST} in {path.parent.as_posix()}/", hint=_BUILD_HINT
        )
        return None
    except (OSError, ValueError):
        sink.error("FC0702", f"{path.as_posix()} cannot be read as a manifest", hint=_BUILD_HINT)
        return None
    if manifest.forwardc != FORMAT_VERSION:
        message = f"{path.as_posix()} has a version that this forwardc does not know"
        sink.error("FC0703", message, hint=_BUILD_HINT)
        return None
    if manifest.live_hosts is None:
        message = f"{path.as_posix()} does not name the hosts of live accounts"
        sink.error("FC0702", message, hint=_BUILD_HINT)
        return None
    return manifest


def read_plan(
    build: Path | CheckoutPath, vault: str, destination: str, place: str, sink: Sink
) -> Plan | None:
    """The plan of a destination for a vault and a place, or None with the reason in the sink.

    A place is an environment or one of its accounts: `production`, `production@us`.

    FC0704 not built, FC0702 not the file that was built, FC0703 of an unknown version, FC0716 in
    need of an approval that it denies, FC0813 no such destination.
    """
    manifest = read_manifest(build, sink)
    return plan_in(build, manifest, vault, destination, place, sink) if manifest else None


def plan_in(
    build: Path | CheckoutPath,
    manifest: Manifest,
    vault: str,
    destination: str,
    place: str,
    sink: Sink,
) -> Plan | None:
    """What `read_plan` gives, by a manifest that is read once for many plans."""
    name = f"{vault}/{destination}/{place}.plan.json"
    if name not in manifest.outputs:
        _not_built(manifest, vault, destination, place, sink)
        return None
    try:
        data = (as_checkout(build) / name).read(BUILT)
    except FileRefusedError as problem:
        unreadable(problem, name, "FC0702", sink, hint=PUT_THERE)
        return None
    except OSError:
        hint = _how_to_repair(build)
        sink.error("FC0704", f"{name} is in the manifest and not in build/", hint=hint)
        return None
    if file_digest(data) != manifest.outputs[name]:
        hint = _how_to_repair(build)
        sink.error("FC0702", f"{name} differs from its digest in the manifest", hint=hint)
        return None
    plan = _load(name, data, sink)
    if plan and (plan.vault, plan.destination, plan.place) != (
        vault,
        destination,
        place,
    ):
        sink.error("FC0702", f"{name} holds the plan of something else", hint=_BUILD_HINT)
        return None
    return plan if plan is None or _is_separated(name, plan, manifest, sink) else None


def _how_to_repair(build: Path | CheckoutPath) -> str:
    """What to do about files of two builds."""
    try:
        under_way = (as_checkout(build) / STAGED / STAGED_LOCK).is_plain()
    except OSError:
        under_way = False
    if under_way:
        return "a build is under way: wait for it; `forwardc build` ends one that was broken off"
    return _BUILD_HINT


def read_plans(build: Path | CheckoutPath, sink: Sink, place: str | None = None) -> Iterator[Plan]:
    """Every plan, or those of one place, each read when it is come to; what is wrong as above."""
    manifest = read_manifest(build, sink)
    if manifest is None:
        return
    for vault, destination, where in manifest.plans():
        if place in (None, where):
            plan = plan_in(build, manifest, vault, destination, where, sink)
            if plan is not None:
                yield plan


def _is_separated(name: str, plan: Plan, manifest: Manifest, sink: Sink) -> bool:
    """Whether a plan's hosts and credentials say what it says of itself; else FC0716."""
    separated = of_plan(plan, shipped() | (manifest.live_hosts or ()))
    agrees = plan.separated_by == "credential" or not separated.by_credential
    if plan.needs_approval or (separated.why is None and agrees):
        return True
    why = separated.why or "a host of the destination serves live accounts, too"
    sink.error("FC0716", f"{name} says that it needs no approval: {why}", hint=_BUILD_HINT)
    return False


def _load(name: str, data: bytes, sink: Sink) -> Plan | None:
    try:
        return load_plan(data)
    except UnknownVersionError as problem:
        sink.error("FC0703", f"{name}: {problem}", hint=_BUILD_HINT)
    except InvalidPlanError as problem:
        sink.error("FC0702", f"{name}: {problem}", hint=_BUILD_HINT)
    return None


def _not_built(manifest: Manifest, vault: str, destination: str, place: str, sink: Sink) -> None:
    plans = manifest.plans()
    places = sorted({place for *others, place in plans if others == [vault, destination]})
    destinations = sorted({destination_name for _, destination_name, _ in plans})
    vaults = sorted({vault_name for vault_name, name, _ in plans if name == destination})
    if destination not in destinations:
        sink.error(
            "FC0813",
            f"there is no destination {destination} in build/",
            hint=_near(destination, destinations),
        )
    elif vault not in vaults:
        near = did_you_mean(vault, vaults)
        built = (
            f"it is built for: {', '.join(vaults)}; `forwardc coverage` tells why not for others"
        )
        hint = f"did you mean {near}?" if near else built
        sink.error("FC0704", f"{destination} is not built for the vault {vault}", hint=hint)
    else:
        near = did_you_mean(place, places)
        sink.error(
            "FC0704",
            f"{destination} is not built for {place_in_words(place)}",
            hint=f"did you mean {near}?"
            if near
            else f"`forwardc coverage --why` tells why not: {vault} refuses what it does there, or "
            f"its settings are not in forwardc.yaml",
        )


def _near(word: str, names: list[str]) -> str | None:
    near = did_you_mean(word, names)
    if near:
        return f"did you mean {near}?"
    return f"there are: {', '.join(names)}" if names else None
