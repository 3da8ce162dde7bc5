"""No vault: the runtime calls the destination itself, so no card value can be sent."""
