"""Every merchant of the sandbox in one process: asked for consent, answering as told."""
