"""TODO runtime/http/bodies"""
