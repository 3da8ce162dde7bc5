"""What processes of two versions must agree on: words of a row, and the digest of a claim."""

from hashlib import sha256

from forwardc.server.payment_sharing.claim import ClaimFinished, ForwardState, claim_digest


def test_the_words_of_a_row_stay() -> None:
    assert [str(state) for state in ForwardState] == ["running", "done", "not_sent", "unknown"]


def test_a_claim_has_the_same_digest_in_every_process() -> None:
    text = '["reference","sandbox",true,"ROKT","pay-1"]'
    wanted = sha256(text.encode()).hexdigest()
    assert claim_digest("reference", "sandbox", True, "ROKT", "pay-1") == wanted


def test_a_kept_answer_is_not_shown() -> None:
    assert "hush" not in repr(ClaimFinished("share", "run", "hush"))
