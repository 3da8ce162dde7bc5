"""The emulated Rocketpay Gate."""
