"""What the emulated Stripe checks, as data: one table of parameters for each resource.

No code but the tables. Names, lengths, enums and what is required come from the OpenAPI document of
2026-09-30.endive, stripe-python 16.1 and the API reference of January 2026; what the sandbox cannot
follow is `Unsupported`, never passed over.
"""
