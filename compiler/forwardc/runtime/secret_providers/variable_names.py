"""What is said of variables whose names hold no secret, so that nobody believes them set.

Knows the names that are set, in the environment and in a secrets file, and never a value.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.files.checkout import CheckoutPath
from forwardc.plan.build_folder import read_manifest
from forwardc.plan.environment import is_class, place_in_words, place_of
from forwardc.plan.secret_names import OURS, SecretId, identities_in, identity, is_old

_FORM: Final = "__<ENVIRONMENT>__<OWNER>__<NAME>"


def check_variable_names(
    variables: Iterable[str], expected: Iterable[SecretId], sink: Sink, *, refused: bool = True
) -> None:
    """FC0847 for each variable of the old form; a warning FC0848 for one that names no secret.

    `wanted` are the identities that are asked for, by which an old name is told its new one. Where
    nothing real is read, an old name is a warning, too: `refused` is false.
    """
    names = _ours(variables)
    old = [name for name in names if is_old(name)]
    # To know what is wanted may mean to read all of `build/`.
    identities = list(expected) if old else []
    tell = sink.error if refused else sink.warning
    for name in old:
        hint = (
            f"name it {_new_name(name, identities)}: the old name could stand for several secrets"
        )
        tell("FC0847", f"{name} is of the old form, and nobody reads it any more", hint=hint)
    for name in names:
        if not is_old(name) and identity(name) is None:
            hint = f"write {_kind(name)}{_FORM}, in capitals, with two _ between the parts"
            sink.warning("FC0848", f"{name} names no secret, and nobody reads it", hint=hint)


def _new_name(old: str, identities: Iterable[SecretId]) -> str:
    meant = dict.fromkeys(secret.variable for secret in identities if secret.old_variable == old)
    return " or ".join(meant) or _kind(old) + _FORM


def _kind(variable: str) -> str:
    return next(start for start in OURS if variable.upper().startswith(start)).removesuffix("_")


def _ours(variables: Iterable[str]) -> list[str]:
    return sorted({name for name in variables if name.upper().startswith(OURS)})


def warn_unused_variables(
    variables: Iterable[str], build: Path | CheckoutPath, place: str, sink: Sink
) -> None:
    """A warning FC0848 for each variable of the right form that no plan of `build/` asks for.

    Of other environments and accounts than `place` is said only that they are not built.
    """
    manifest = read_manifest(build, Sink())
    if manifest is None:
        return
    places = {built for _, _, built in manifest.plans()}
    expected = {secret.variable for secret in identities_in(build, place)}
    for name in _ours(variables):
        of = identity(name)
        if of is None or name in expected:
            continue
        where = place_of(of.environment, of.account)
        if where not in places:
            near = did_you_mean(where, places)
            hint = f"did you mean {near}?" if near else f"built are: {', '.join(sorted(places))}"
            sink.warning(
                "FC0848", f"{name} is of {place_in_words(where)}, which is not built", hint=hint
            )
        elif where == place:
            close = nearest_variable(name, expected)
            hint = f"did you mean {close}?" if close else "no plan of this environment asks for it"
            sink.warning("FC0848", f"{name} names no secret that is used", hint=hint)


def nearest_variable(variable: str, names: Iterable[str]) -> str | None:
    """The name that one misspelling makes of the other; never that of another environment.

    Names of the form must differ in one part only, so that no secret is taken for its neighbour.
    """
    target = identity(variable)
    for name in sorted({*_ours(names)} - {variable}):
        candidate = identity(name)
        if candidate is None:
            if _plain(name) == _plain(variable):
                return name
        elif target is not None and _is_misspelt(candidate, target):
            return name
    return None


def _is_misspelt(candidate: SecretId, target: SecretId) -> bool:
    if (candidate.environment, candidate.account) != (target.environment, target.account):
        same_rest = (candidate.owner, candidate.name) == (target.owner, target.name)
        is_other = is_class(candidate.environment) or candidate.account != target.account
        near = did_you_mean(candidate.environment, [target.environment])
        return same_rest and not is_other and near is not None
    if candidate.owner == target.owner:
        return did_you_mean(candidate.name, [target.name]) is not None
    return (
        candidate.name == target.name and did_you_mean(candidate.owner, [target.owner]) is not None
    )


def _plain(name: str) -> str:
    return name.upper().replace("_", "")
