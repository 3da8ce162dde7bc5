"""What an amount and its currency must be like at Stripe, and its sum in words.

The status of every refusal is 400. The texts for an unknown currency, for UGX and for too little,
converted or not, were seen in public code; the others, and where a code is left out, are ours.
"""

from decimal import ROUND_HALF_UP, Decimal

from forwardc.sandbox.money import in_words, major
from forwardc.sandbox.stripe.account import setting
from forwardc.sandbox.stripe.currencies import (
    DIGITS,
    MINIMUM,
    MOST_DIGITS,
    MOST_DIGITS_BY_BRAND,
    MULTIPLE_OF,
    RATE_MARGIN,
    ROUGH_RATES,
    TAKEN,
)
from forwardc.sandbox.stripe.errors import StripeError, invalid
from forwardc.sandbox.stripe.params import FormError, parse_form
from forwardc.sandbox.world import World


def check_amount(world: World, amount: int, currency: str) -> None:
    """Refuse what Stripe refuses. Capitals are taken, though the page asks for small letters."""
    code = currency.lower()
    if code not in DIGITS:
        if world.lets("stripe_currencies", "currency"):
            return
        raise _unknown(code)
    _check_most(amount, code, MOST_DIGITS)
    check_step(amount, code)
    refusal = _too_small(amount, code, setting(world, "settlement_currency"))
    if refusal is not None and not world.lets("stripe_small_amounts", "amount"):
        raise refusal


def _too_small(amount: int, code: str, settled: str) -> StripeError | None:
    """The refusal of a sum below the minimum, which counts in the currency of settlement.

    Another currency is judged by round rates: only where no rate of these years would do, or
    where the sum is below the minimum that Stripe has for that currency as well.
    """
    if settled not in MINIMUM:
        return None
    least = MINIMUM[settled]
    sum_ = Decimal(amount).scaleb(-DIGITS[code])
    if code == settled:
        if sum_ >= least:
            return None
        return _refused(f"Amount must be at least {_shown(least, code)}", "amount_too_small")
    if code not in ROUGH_RATES or settled not in ROUGH_RATES:
        return None
    about = sum_ * ROUGH_RATES[code] / ROUGH_RATES[settled]
    # Below the currency's own minimum, too, a round rate is no longer the only witness.
    margin = 1 if sum_ < MINIMUM.get(code, 0) else RATE_MARGIN
    if about * margin >= least:
        return None
    floor = "50 cents" if settled == "usd" else _shown(least, settled)
    return _refused(
        f"Amount must convert to at least {floor}. "
        f"{major(amount, DIGITS[code])} {code} converts to approximately {_shown(about, settled)}.",
        "amount_too_small",
    )


def _shown(sum_: Decimal, code: str) -> str:
    whole = int(sum_.scaleb(DIGITS[code]).to_integral_value(ROUND_HALF_UP))
    return f"{'$' if code == 'usd' else ''}{major(whole, DIGITS[code])} {code}"


def digits_of(code: str) -> int:
    """Digits after the decimal point; two for a currency that only a laxness lets through."""
    return DIGITS.get(code, 2)


def check_brand(amount: int, code: str, brand: str) -> None:
    """Refuse more digits than a brand of cards takes; the currency is in small letters."""
    _check_most(amount, code, MOST_DIGITS_BY_BRAND.get(brand, MOST_DIGITS))


def check_step(amount: int, code: str) -> None:
    """Refuse an amount of a currency, in small letters, that is no multiple of its step."""
    step = MULTIPLE_OF.get(code, 1)
    if amount % step:
        raise _refused(_not_whole(code, step))


def sum_in_words(body: bytes) -> str | None:
    """The sum of a request's form, or None where it names none."""
    try:
        form = parse_form(body.decode())
    except (UnicodeDecodeError, FormError):
        return None
    amount, currency = form.get("amount"), form.get("currency")
    if not (isinstance(amount, str) and isinstance(currency, str)):
        return None
    code = currency.lower()
    if code not in DIGITS or not (amount.isascii() and amount.isdigit() and len(amount) <= 18):
        return None
    return in_words(int(amount), code.upper(), DIGITS[code])


def _check_most(amount: int, code: str, digits: int) -> None:
    if amount >= 10**digits:
        most = major(10**digits - 1, digits_of(code))
        raise _refused(f"Amount must be no more than {most} {code}", "amount_too_large")


def _unknown(code: str) -> StripeError:
    shown = f": {code}" if code.isascii() and code.isalpha() and len(code) <= 10 else ""
    text = f"Invalid currency{shown}. Stripe currently supports these currencies: "
    return invalid(text + ", ".join(TAKEN), param="currency")


def _not_whole(code: str, step: int) -> str:
    if step == 100:
        return (
            f"Invalid amount. Currency {code.upper()} has become effectively zero-decimal and "
            "charged amounts must be evenly divisible by 100. See "
            "https://stripe.com/docs/currencies#zero-decimal for more information."
        )
    return f"Invalid amount. The last digit of an amount in {code.upper()} must be 0."


def _refused(text: str, code: str | None = None) -> StripeError:
    return invalid(text, param="amount", code=code)
