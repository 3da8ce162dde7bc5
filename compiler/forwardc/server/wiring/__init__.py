"""TODO server/wiring"""
