"""What partners and operators see of runs: the outcomes dashboard and the callbacks."""
