"""Every merchant of the sandbox in one process: asked for consent, evidence and returned goods."""
