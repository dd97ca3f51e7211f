"""An SMS gateway: SMPP 3.4 in, a page and an API that show what arrived."""
