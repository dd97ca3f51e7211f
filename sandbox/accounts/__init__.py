"""The wallet's account and identity service: holds that stack, identity checks, resets.

It answers as told, and by default kindly: whoever is asked for proof gives it at once.
"""
