"""The table of readers: who wrote the bytes, how they are read, and which files do it.

A reader ends with a value, with a diagnostic, or with the exceptions that it names; it never ends
otherwise. Each takes bytes, so that one fuzzer serves all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fuzzed import of_answers, of_calls, of_files, seeds

Read = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Parser:
    """One reader. `files` are below the package; `weight` divides the number of examples."""

    read: Read
    seeds: Callable[[], list[bytes]]
    files: tuple[str, ...]
    weight: int = 1


PARSERS: Final[dict[str, Parser]] = {
    # A colleague's checkout.
    "project file": Parser(
        of_files.project_file,
        seeds.projects,
        ("language/yaml_reader.py", "language/yaml_builder.py", "language/yaml_spaces.py"),
        weight=2,
    ),
    "destination": Parser(
        of_files.destination, seeds.destinations, ("language/schema_explain.py",), weight=5
    ),
    "expression": Parser(of_files.expression, seeds.expressions, ("language/lexer.py",)),
    "schema of a param": Parser(of_files.schema, seeds.schemas, ("plan/json_schema.py",), weight=2),
    "pattern": Parser(of_files.pattern, seeds.patterns, ("plan/patterns.py",), weight=2),
    "text file": Parser(of_files.text_file, seeds.texts, ("diagnostics/text_file.py",)),
    "line that is shown": Parser(
        of_files.excerpt, seeds.lines, ("diagnostics/secret_shapes.py",), weight=2
    ),
    "plan": Parser(of_files.plan, seeds.plans, ("plan/model.py", "plan/codec.py"), weight=5),
    "manifest": Parser(
        of_files.manifest,
        seeds.manifests,
        ("plan/build_dir.py", "review/fresh.py", "review/diff/compare.py"),
        weight=2,
    ),
    "table of coverage": Parser(
        of_files.coverage, seeds.coverages, ("partner/dashboard/project.py",), weight=2
    ),
    "name of a history": Parser(
        of_files.history_name, seeds.history_urls, ("runtime/history/named.py",)
    ),
    "lock": Parser(of_files.lock, seeds.locks, ("plan/approvals.py",), weight=5),
    "lock of version 1": Parser(of_files.old_lock, seeds.old_locks, ("review/renew.py",), weight=5),
    "attestation's day": Parser(of_files.day, seeds.days, ("review/attestation.py",)),
    # What an operator names.
    "secrets file": Parser(
        of_files.secrets_file,
        seeds.secrets_files,
        (
            "runtime/sources/bindings.py",
            "runtime/sources/members.py",
            "runtime/sources/protocol.py",
        ),
        weight=2,
    ),
    "settings of the server": Parser(
        of_files.settings, seeds.settings, ("partner/server/mistakes.py",), weight=5
    ),
    "server keys": Parser(
        of_files.server_keys,
        seeds.server_keys,
        ("partner/auth/keys.py", "partner/auth/key_file.py"),
    ),
    "params file": Parser(of_files.params_file, seeds.params_files, ("cli/run_inputs.py",)),
    "JSON of a param": Parser(of_files.json_param, seeds.json_texts, ("runtime/values.py",)),
    "payments file": Parser(
        of_files.csv_payments, seeds.csv_files, ("partner/lookup/csv_file.py",), weight=2
    ),
    "stored secret": Parser(of_files.derived_secret, seeds.jwk_texts, ("runtime/secrets.py",)),
    # A vault's and a destination's answers.
    "JSON answer": Parser(of_answers.json_body, seeds.json_texts, ("runtime/bodies/json_body.py",)),
    "XML answer": Parser(of_answers.xml_body, seeds.xml_texts, ("runtime/bodies/xml_body.py",)),
    "form answer": Parser(of_answers.form_body, seeds.forms, ("runtime/bodies/form_body.py",)),
    "charset of an answer": Parser(
        of_answers.charset, seeds.charsets, ("runtime/bodies/charset.py",)
    ),
    "compressed answer": Parser(
        of_answers.compressed, seeds.compressed, ("runtime/bodies/compressed.py",)
    ),
    "vault's answer": Parser(
        of_answers.vault_answer, seeds.vault_answers, ("runtime/answer.py",), weight=2
    ),
    "body field by field": Parser(
        of_answers.field_by_field,
        seeds.json_texts,
        ("runtime/bodies/fields.py", "runtime/telling.py"),
        weight=2,
    ),
    "answer of a history": Parser(
        of_answers.packed_answer, seeds.json_texts, ("runtime/history/answers.py",)
    ),
    "echo of a vault": Parser(of_answers.echo, seeds.json_texts, ("runtime/losses.py",)),
    "told times": Parser(of_answers.told_times, seeds.told_times, ("runtime/told_times.py",)),
    "token answer": Parser(of_answers.token_answer, seeds.token_answers, ("runtime/oauth.py",)),
    "answer of the secret store": Parser(
        of_answers.store_answer, seeds.json_texts, ("runtime/secret_store.py",)
    ),
    "JWK set": Parser(
        of_answers.jwk_set,
        seeds.jwk_sets,
        ("runtime/jwk_sets.py", "partner/auth/pinned.py", "runtime/keys.py"),
    ),
    "answer in an envelope": Parser(
        of_answers.enveloped, seeds.json_texts, ("partner/sharing/envelope.py",)
    ),
    # A partner, and whoever reaches a port.
    "raw HTTP": Parser(of_calls.raw_http, seeds.http, (), weight=10),
    "forwarded addresses": Parser(
        of_calls.addresses, seeds.forwarded, ("partner/server/addresses.py",)
    ),
    "access token": Parser(of_calls.access_token, seeds.tokens, ("partner/auth/access_token.py",)),
    "token request": Parser(
        of_calls.token_request, seeds.forms, ("partner/auth/token_endpoint.py",)
    ),
    "sharing request": Parser(
        of_calls.sharing_request, seeds.sharing, ("partner/sharing/request.py",)
    ),
    "sealed answer": Parser(of_calls.sealed, seeds.sealed, ("partner/sharing/sealed.py",)),
    "callback": Parser(
        of_calls.callback,
        seeds.callbacks,
        ("partner/callbacks/strict_json.py", "runtime/tokens/read.py"),
    ),
    "cookie of the dashboard": Parser(
        of_calls.cookie, seeds.cookies, ("partner/server/mounts.py",), weight=5
    ),
    "form of the dashboard": Parser(
        of_calls.dashboard_form, seeds.forms, ("partner/dashboard/web.py",)
    ),
}

# Files that parse, and read nothing that others wrote: each with the reason.
OURS: Final[dict[str, str]] = {
    "partner/auth/client_secrets.py": "a hash of ours in our own table",
    "runtime/history/reads.py": "our own rows; the history is ours alone to write",
    "runtime/history/shapes.py": "our own rows, as above",
    "runtime/history/money.py": "our own rows, as above",
    "runtime/signing.py": "a body of ours, bound just before",
    "runtime/tokens/settle.py": "a callback that was read and verified before it was stored",
    "review/sample.py": "a body that the compiler has just written",
    "plan/functions.py": "headers of ours, and an operator's key: bound before it is sent",
    "plan/live_hosts.py": "a file of the package",
    "plan/currencies.py": "a file of the package",
    "language/money/tables.py": "a file of the package",
    "language/schema.py": "a file of the package",
    "vaults/facts.py": "a file of the package",
    "review/write.py": "a manifest of ours, to see what is to be deleted",
    "cli/demo_outline.py": "what the demo has just sent",
    "cli/json_output.py": "what a renderer of ours has just written",
    "cli/tokens_work.py": "a request that was bound just before",
    "partner/dashboard/render.py": "a body of the history, shown as text where it is no JSON",
}
