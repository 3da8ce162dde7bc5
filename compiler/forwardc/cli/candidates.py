"""What a shell may complete a word to: names out of `build/`, and codes.

Whoever presses Tab stands anywhere: without a project, in a broken one, in somebody's checkout. So
nothing is compiled, nothing is reported, files are read as those of a checkout are, and only what
may be a name is offered. What cannot be read offers nothing. Every command imports this module, so
that it imports nothing itself before somebody asks.

Traced: `forwardc run ad` lists the folders of `build/stripe` and its neighbours. One of them,
`adyen`, begins so: its plans are opened, and `adyen.card_cit` with its neighbours is offered.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from forwardc.cli.project_folder import in_project

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from forwardc.core.files.checkout import CheckoutPath

_PLAN: Final = ".plan.json"
_LOOKED_AT: Final = 20
"""Destinations of a vault whose places are listed: nearly all of a project have the same."""


def vaults(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Vaults of the destination that the line names, else all of the build, else all there are."""
    folder = _build(context)
    built = _vaults(folder)
    named = str(context.params.get("target") or "").partition(".")[0]
    holding = [vault for vault in built if named in _names(folder / vault)] if named else []
    return _beginning(incomplete, holding or built or _shipped())


def destinations(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Destinations of the build, else the files of the project's folder."""
    return _beginning(incomplete, _destinations(context))


def vaults_and_destinations(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Both, for what stops one or the other."""
    found = vaults(context, parameter, incomplete)
    return list(dict.fromkeys([*found, *destinations(context, parameter, incomplete)]))


def operations(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """`DEST[.OPERATION]`: destinations, and operations once one destination is meant."""
    named, dot, _rest = incomplete.partition(".")
    known = _destinations(context)
    meant = [named] if dot and named in known else _beginning(incomplete, known)
    if len(meant) != 1:
        return meant
    folder = _build(context)
    found = sorted(set(_operations(folder, _of_line(context, folder), meant[0])))
    whole = [f"{meant[0]}.{operation}" for operation in found]
    # The operation may be left out where there is one only.
    return _beginning(incomplete, whole if len(whole) > 1 else [meant[0], *whole])


def operation_names(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Operations alone, of the destination that the line names."""
    folder, named = _build(context), str(context.params.get("destination") or "")
    wanted = [named] if named else _destinations(context)[:_LOOKED_AT]
    found = {name for one in wanted for name in _operations(folder, _vaults(folder), one)}
    return _beginning(incomplete, sorted(found))


def environments(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Environments that are built; without a build the two that need no declaration."""
    from forwardc.plan.environment import parts_of

    found = {parts_of(place)[0] for place in _places(context)}
    return _beginning(incomplete, sorted(found or {"sandbox", "production"}))


def accounts(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Accounts of the environment that the line names, else of all."""
    from forwardc.plan.environment import parts_of

    wanted = context.params.get("environment")
    places = (parts_of(place) for place in _places(context))
    found = {account for name, account in places if account and wanted in (None, name)}
    return _beginning(incomplete, sorted(found))


def explained(
    _: click.Context, __: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """Codes by number or name, each with its title; a path is the shell's to complete."""
    from click.shell_completion import CompletionItem

    from forwardc.core.diagnostics.codes import CODES

    titles = {code.slug: code.title for code in CODES.values()}
    begun = _beginning(incomplete, titles) if incomplete[:1].islower() else []
    if not begun:
        titles = {code.number: code.title for code in CODES.values()}
        begun = _beginning(incomplete.upper(), titles)
    found = [CompletionItem(name, help=titles[name]) for name in begun]
    return found or [CompletionItem(incomplete, type="file")]


# What is there


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _build(context: click.Context) -> "CheckoutPath":
    """The build folder that the line names, else the project's."""
    from forwardc.core.files.checkout import named_by_person

    return named_by_person(Path(context.params.get("build") or in_project("build")))


def _names(folder: "CheckoutPath", suffix: str = "") -> list[str]:
    """The entries of a folder that may be names, without the suffix."""
    from forwardc.plan.environment import is_name

    try:
        found = folder.names(suffix)
    except OSError:
        return []
    return [name for name in (one.removesuffix(suffix) for one in found) if is_name(name)]


def _vaults(build: "CheckoutPath") -> list[str]:
    return _names(build)


def _shipped() -> list[str]:
    from forwardc.core.resources import package_file

    facts = package_file("compile", "vaults").glob("*/facts.yaml")
    return sorted(path.parent.name for path in facts)


def _of_line(context: click.Context, build: "CheckoutPath") -> list[str]:
    from forwardc.plan.environment import is_name

    vault = context.params.get("vault")
    return [vault] if isinstance(vault, str) and is_name(vault) else _vaults(build)


def _destinations(context: click.Context) -> list[str]:
    from forwardc.core.files.checkout import named_by_person

    build = _build(context)
    found = {name for vault in _of_line(context, build) for name in _names(build / vault)}
    if found:
        return sorted(found)
    return _names(named_by_person(Path(in_project("destinations"))), ".yaml")


def _places(context: click.Context) -> Iterator[str]:
    """`sandbox`, `production@us`: of the destination that the line names, else of the first."""
    from forwardc.plan.environment import is_name, parts_of

    build = _build(context)
    target = context.params.get("target") or context.params.get("destination")
    named = target.partition(".")[0] if isinstance(target, str) else ""
    for vault in _of_line(context, build):
        for name in [named] if is_name(named) else _names(build / vault)[:_LOOKED_AT]:
            for plan in _plans(build / vault / name):
                place = plan.removesuffix(_PLAN)
                if all(is_name(part) for part in parts_of(place) if part):
                    yield place


def _plans(folder: "CheckoutPath") -> list[str]:
    try:
        return folder.names(_PLAN)
    except OSError:
        return []


def _operations(
    build: "CheckoutPath", vaults_of_line: Iterable[str], destination: str
) -> Iterator[str]:
    """The operations of a destination: those of its first plan at each vault."""
    for vault in vaults_of_line:
        folder = build / vault / destination
        for plan in _plans(folder)[:1]:
            yield from _operations_of(folder / plan)


def _operations_of(plan: "CheckoutPath") -> list[str]:
    from forwardc.core.files.kinds import BUILT

    try:
        return operations_in(plan.read(BUILT))
    except OSError:
        return []


def operations_in(plan: bytes) -> list[str]:
    """The names of the operations of a plan, whoever wrote it; none where it is no plan."""
    import json

    from forwardc.plan.environment import is_name

    try:
        document: Any = json.loads(plan)
    except (ValueError, RecursionError):
        return []
    found = document.get("operations") if isinstance(document, dict) else None
    return [name for name in found if is_name(name)] if isinstance(found, dict) else []
