"""FC0344: one secret cannot be two kinds of key, or a key and a login."""

from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.compile.passes.secret_forms import forms_in, secret_name


def check(case: Case) -> Iterator[Problem]:
    """A use of a secret in another form than where the destination uses it first."""
    secrets = case.program.secrets
    if not any(secret.form for secret in secrets.values()):
        return
    as_keys = {name: spec.as_key for name, spec in secrets.items()}
    for ref, form in forms_in(case.step.request, as_keys):
        if form != secrets[secret_name(ref)].form:
            message = f"`{ref.name}` is used in two forms: no value is both"
            yield Problem("FC0344", message, ref.span, "declare a secret for each")
