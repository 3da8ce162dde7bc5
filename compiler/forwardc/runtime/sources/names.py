"""What is said of variables whose names hold no secret, so that nobody believes them set.

Knows the names that are set, in the environment and in a secrets file, and never a value.
"""

from collections.abc import Iterable
from typing import Final

from forwardc.diagnostics.sink import Sink
from forwardc.plan.secret_names import OURS, SecretId, identity, is_old

_FORM: Final = "__<ENVIRONMENT>__<OWNER>__<NAME>"


def check_names(
    variables: Iterable[str], wanted: Iterable[SecretId], sink: Sink, *, refused: bool = True
) -> None:
    """FC0847 for each variable of the old form; a warning FC0848 for one that names no secret.

    `wanted` are the identities that are asked for, by which an old name is told its new one. Where
    nothing real is read, an old name is a warning, too: `refused` is false.
    """
    mine = sorted({name for name in variables if name.startswith(OURS)})
    old = [name for name in mine if is_old(name)]
    # To know what is wanted may mean to read all of `build/`.
    known = list(wanted) if old else []
    tell = sink.error if refused else sink.warning
    for name in old:
        hint = f"name it {_new_name(name, known)}: the old name could stand for several secrets"
        tell("FC0847", f"{name} is of the old form, and nobody reads it any more", hint=hint)
    for name in mine:
        if not is_old(name) and identity(name) is None:
            hint = f"write {_kind(name)}{_FORM}, in capitals, with two _ between the parts"
            sink.warning("FC0848", f"{name} names no secret, and nobody reads it", hint=hint)


def _new_name(old: str, known: Iterable[SecretId]) -> str:
    meant = dict.fromkeys(one.variable for one in known if one.old_variable == old)
    return " or ".join(meant) or _kind(old) + _FORM


def _kind(variable: str) -> str:
    return next(start for start in OURS if variable.startswith(start)).removesuffix("_")
