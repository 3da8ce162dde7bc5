"""The emulated Adyen."""
