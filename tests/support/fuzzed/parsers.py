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
        (
            "compile/language/yaml_reader.py",
            "compile/language/yaml_builder.py",
            "compile/language/yaml_reader.py",
        ),
        weight=2,
    ),
    "layout": Parser(
        of_files.layout,
        seeds.destinations,
        ("compile/language/layout/tokens.py", "compile/language/layout/formatting.py"),
        weight=2,
    ),
    "comment that allows": Parser(
        of_files.allow_comment,
        seeds.allow_comments,
        ("compile/language/allow_comments.py",),
        weight=2,
    ),
    "destination": Parser(
        of_files.destination, seeds.destinations, ("compile/language/schema_findings.py",), weight=5
    ),
    "expression": Parser(of_files.expression, seeds.expressions, ("compile/language/lexer.py",)),
    "name of an XML element": Parser(
        of_files.xml_name, seeds.xml_names, ("compile/ir/xml_names.py",)
    ),
    "schema of a param": Parser(
        of_files.schema, seeds.schemas, ("core/terms/json_schema.py",), weight=2
    ),
    "pattern": Parser(of_files.pattern, seeds.patterns, ("core/terms/patterns.py",), weight=2),
    "text file": Parser(of_files.text_file, seeds.texts, ("core/diagnostics/text_file.py",)),
    "line that is shown": Parser(
        of_files.excerpt, seeds.lines, ("core/recognizer/secret_shapes.py",), weight=2
    ),
    "plan": Parser(
        of_files.plan,
        seeds.plans,
        ("plan/model.py", "core/documents/reading.py", "core/terms/codec.py"),
        weight=5,
    ),
    "operations of a plan": Parser(
        of_files.operations, seeds.plans, ("cli/candidates.py",), weight=2
    ),
    "manifest": Parser(
        of_files.manifest,
        seeds.manifests,
        ("plan/build_folder.py", "compile/review/fresh.py", "compile/review/diff/compare.py"),
        weight=2,
    ),
    "table of coverage": Parser(
        of_files.coverage, seeds.coverages, ("dashboard/project.py",), weight=2
    ),
    "name of a history": Parser(
        of_files.history_name, seeds.history_urls, ("runtime/history/location.py",)
    ),
    "lock": Parser(of_files.lock, seeds.locks, ("plan/lock.py",), weight=5),
    "lock of version 1": Parser(
        of_files.old_lock, seeds.old_locks, ("compile/review/approve.py",), weight=5
    ),
    "attestation's day": Parser(of_files.day, seeds.days, ("compile/review/attestation.py",)),
    # What an operator names.
    "secrets file": Parser(
        of_files.secrets_file,
        seeds.secrets_files,
        (
            "runtime/secret_providers/secrets_file.py",
            "runtime/secret_providers/provider.py",
        ),
        weight=2,
    ),
    "settings of the server": Parser(
        of_files.settings, seeds.settings, ("server/settings_errors.py",), weight=5
    ),
    "server keys": Parser(
        of_files.server_keys,
        seeds.server_keys,
        ("server/oauth/server_keys.py", "server/oauth/server_keys.py"),
    ),
    "params file": Parser(of_files.params_file, seeds.params_files, ("cli/run/request.py",)),
    "JSON of a param": Parser(of_files.json_param, seeds.json_texts, ("runtime/run/values.py",)),
    "payments file": Parser(
        of_files.csv_payments, seeds.csv_files, ("server/directory/csv_directory.py",), weight=2
    ),
    "stored secret": Parser(
        of_files.derived_secret, seeds.jwk_texts, ("runtime/secret_providers/plan_secrets.py",)
    ),
    "key of a signature": Parser(
        of_files.signing_key, seeds.jwk_texts, ("core/signatures/keys.py",), weight=2
    ),
    # A vault's and a destination's answers.
    "JSON answer": Parser(
        of_answers.json_body, seeds.json_texts, ("runtime/http/bodies/parsers.py",)
    ),
    "XML answer": Parser(
        of_answers.xml_body, seeds.xml_texts, ("runtime/http/bodies/xml_body.py",)
    ),
    "form answer": Parser(of_answers.form_body, seeds.forms, ("runtime/http/bodies/parsers.py",)),
    "charset of an answer": Parser(
        of_answers.charset, seeds.charsets, ("runtime/http/bodies/decoding.py",)
    ),
    "compressed answer": Parser(
        of_answers.compressed, seeds.compressed, ("runtime/http/bodies/decoding.py",)
    ),
    "vault's answer": Parser(
        of_answers.vault_answer, seeds.vault_answers, ("runtime/run/answer.py",), weight=2
    ),
    "body field by field": Parser(
        of_answers.field_by_field,
        seeds.json_texts,
        ("runtime/http/bodies/body.py", "runtime/run/redaction.py"),
        weight=2,
    ),
    "answer of a history": Parser(
        of_answers.packed_answer, seeds.json_texts, ("runtime/history/answers.py",)
    ),
    "text of a step": Parser(
        of_answers.packed_text, seeds.json_texts, ("runtime/history/step_texts.py",)
    ),
    "echo of a vault": Parser(of_answers.echo, seeds.json_texts, ("runtime/run/losses.py",)),
    "told times": Parser(
        of_answers.told_times, seeds.told_times, ("runtime/http/declared_times.py",)
    ),
    "token answer": Parser(
        of_answers.token_answer, seeds.token_answers, ("runtime/http/oauth.py",)
    ),
    "answer of the secret store": Parser(
        of_answers.store_answer, seeds.json_texts, ("runtime/secret_providers/vault_store.py",)
    ),
    "JWK set": Parser(
        of_answers.jwk_set,
        seeds.jwk_sets,
        (
            "runtime/http/jwk_sets.py",
            "server/oauth/verification_keys.py",
        ),
    ),
    "answer in an envelope": Parser(
        of_answers.enveloped, seeds.json_texts, ("server/payment_sharing/answer.py",)
    ),
    # A partner, and whoever reaches a port.
    "raw HTTP": Parser(of_calls.raw_http, seeds.http, (), weight=10),
    "forwarded addresses": Parser(
        of_calls.addresses, seeds.forwarded, ("server/http/admission.py",)
    ),
    "access token": Parser(of_calls.access_token, seeds.tokens, ("server/oauth/bearer_tokens.py",)),
    "token request": Parser(
        of_calls.token_request, seeds.forms, ("server/oauth/token_endpoint.py",)
    ),
    "sharing request": Parser(
        of_calls.sharing_request, seeds.sharing, ("server/payment_sharing/request.py",)
    ),
    "sealed answer": Parser(of_calls.sealed, seeds.sealed, ("server/payment_sharing/answer.py",)),
    "callback": Parser(
        of_calls.callback,
        seeds.callbacks,
        ("core/http/strict_json.py", "integrations/rocketpay/callback_format.py"),
    ),
    "cookie of the dashboard": Parser(
        of_calls.cookie, seeds.cookies, ("dashboard/login.py",), weight=5
    ),
    "form of the dashboard": Parser(of_calls.dashboard_form, seeds.forms, ("dashboard/web.py",)),
}

# Files that parse, and read nothing that others wrote: each with the reason.
OURS: Final[dict[str, str]] = {
    "server/oauth/clients.py": "a hash of ours in our own table",
    "runtime/history/reads.py": "our own rows; the history is ours alone to write",
    "runtime/history/packed_rows.py": "our own rows of an older version, as above",
    "runtime/history/records.py": "our own rows, as above",
    "runtime/run/signing.py": "a body of ours, bound just before",
    "core/signatures/request_text.py": "a request of ours, bound just before",
    "integrations/rocketpay/callback_runs.py": "what was verified before it was stored",
    "compile/review/sample.py": "a body that the compiler has just written",
    "core/terms/functions.py": "headers of ours, and an operator's key: bound before it is sent",
    "plan/separation.py": "a file of the package",
    "core/currencies.py": "a file of the package",
    "compile/language/money/tables.py": "a file of the package",
    "compile/language/schema.py": "a file of the package",
    "compile/language/code_tables.py": "a file of the package",
    "compile/vaults/facts.py": "a file of the package",
    "compile/review/comparison.py": "a manifest of ours, to see what is to be deleted",
    "compile/review/staged_build.py": "names of ours, to see what a killed build may have left",
    "cli/stored.py": "findings that this user's store sealed with its own key",
    "compile/store/destinations.py": "an entry that it sealed, as above",
    "cli/demo/outline.py": "what the demo has just sent",
    "cli/output.py": "what a renderer of ours has just written",
    "integrations/rocketpay/sandbox_tokens.py": "a request that was bound just before",
    "dashboard/render.py": "a body of the history, shown as text where it is no JSON",
}
