"""Who calls: bearer tokens of an issuer, and a token endpoint for merchants without one."""
