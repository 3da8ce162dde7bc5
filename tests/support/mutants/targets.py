"""The files that are mutated, each with the tests that are nearest to it, fastest first."""

from typing import Final

TARGETS: Final[dict[str, tuple[str, ...]]] = {
    "core/terms/escaping.py": (
        "tests/plan/test_escape_rules.py",
        "tests/plan/test_escaping.py",
        "tests/plan/test_folded.py",
    ),
    "core/terms/evaluator.py": (
        "tests/plan/test_evaluate_parts.py",
        "tests/plan/test_evaluate.py",
        "tests/plan/test_escaping.py",
        "tests/plan/test_money.py",
    ),
    "runtime/run/signing.py": ("tests/runtime/test_signing.py",),
    "plan/approvals.py": (
        "tests/approvals/test_refusals.py",
        "tests/approvals/test_states.py",
        "tests/separation/test_what_decides.py",
    ),
    "plan/lock.py": ("tests/approvals/test_lock.py", "tests/approvals/test_states.py"),
    "plan/changes.py": (
        "tests/approvals/test_states.py",
        "tests/approvals/test_voids.py",
        "tests/approvals/test_changes.py",
    ),
    "compile/ir/hosts.py": ("tests/plan/test_hosts.py",),
    "plan/separation.py": (
        "tests/separation/test_what_decides.py",
        "tests/separation/test_projects.py",
        "tests/separation/test_doors.py",
    ),
    "plan/digests.py": (
        "tests/plan/test_behaviour.py",
        "tests/approvals/test_voids.py",
        "tests/approvals/test_states.py",
    ),
    "runtime/run/retries.py": ("tests/runtime/test_policy.py",),
    "runtime/http/circuit_breaker.py": ("tests/runtime/test_policy.py",),
    "runtime/http/declared_times.py": ("tests/runtime/test_declared_times.py",),
    "compile/passes/checks/other_host.py": (
        "tests/cases/test_other_hosts.py",
        "tests/cases/test_bad.py",
    ),
    "runtime/http/send.py": (
        "tests/runtime/test_sent_exactly.py",
        "tests/runtime/test_send.py",
        "tests/runtime/test_reach.py",
    ),
    "runtime/http/oauth.py": ("tests/oauth/test_answers.py", "tests/oauth/test_tokens.py"),
    "server/oauth/bearer_tokens.py": (
        "tests/server/oauth/test_token_forms.py",
        "tests/server/oauth/test_gate.py",
    ),
    "server/payment_sharing/claim.py": ("tests/server/payment_sharing/test_claim_words.py",),
    "server/payment_sharing/claims.py": (
        "tests/server/payment_sharing/test_heartbeats.py",
        "tests/server/payment_sharing/test_live.py",
        "tests/server/payment_sharing/test_claims.py",
    ),
    "server/payment_sharing/claim_tables.py": (
        "tests/server/payment_sharing/test_claim_rows.py",
        "tests/server/payment_sharing/test_claims.py",
        "tests/server/payment_sharing/test_live.py",
        "tests/server/payment_sharing/test_clock_margins.py",
        "tests/server/payment_sharing/test_clients_apart.py",
    ),
    "server/payment_sharing/batched_journal.py": (
        "tests/server/payment_sharing/test_clock_margins.py",
        "tests/server/payment_sharing/test_claims.py",
        "tests/server/payment_sharing/test_live.py",
    ),
    "server/payment_sharing/forwarder.py": (
        "tests/server/payment_sharing/test_served_plans.py",
        "tests/server/payment_sharing/test_lasting.py",
        "tests/server/payment_sharing/test_losses.py",
    ),
}
