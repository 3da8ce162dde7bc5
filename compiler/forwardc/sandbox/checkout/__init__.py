"""The emulated Checkout.com vault: tokens, instruments, secrets, network tokens and Forward."""
