"""TODO server/telemetry"""
