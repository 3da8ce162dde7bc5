"""`forwardc sandbox`, and what every command shares that talks to one."""
