"""The API versions that the emulated Stripe knows. Data only.

Those that stripe-python has pinned since 2022-11-15, from its change log, and two of Stripe's own
change log (2026-07-29, 2026-08-26). Before that the API answers in shapes that are not emulated.
"""

from typing import Final

OLDEST: Final = "2022-11-15"
KNOWN: Final = frozenset(
    """
    2022-11-15 2023-08-16 2023-10-16 2024-04-10 2024-06-20
    2024-09-30.acacia 2024-10-28.acacia 2024-11-20.acacia 2024-12-18.acacia 2025-01-27.acacia
    2025-02-24.acacia
    2025-03-31.basil 2025-04-30.basil 2025-05-28.basil 2025-06-30.basil 2025-07-30.basil
    2025-08-27.basil
    2025-09-30.clover 2025-10-29.clover 2025-11-17.clover 2025-12-15.clover 2026-01-28.clover
    2026-02-25.clover
    2026-03-25.dahlia 2026-04-22.dahlia 2026-05-27.dahlia 2026-06-24.dahlia 2026-07-29.dahlia
    2026-08-26.dahlia
    2026-09-30.endive 2026-10-28.endive
    """.split()
)
CONNECTION_FAILED_402: Final = "2025-03-31"
"""From here a forwarding request that never reached its destination is answered with 402."""
ASYNC_CAPTURE: Final = "2024-04-10"
"""From here `capture_method` is `automatic_async` where a payment intent names none."""
DYNAMIC_METHODS: Final = "2023-08-16"
"""From here payment methods are dynamic where an intent names none."""
