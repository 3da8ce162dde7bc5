"""What happens to one call of the payment-sharing API."""
