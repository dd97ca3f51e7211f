"""A mail catcher: SMTP in, a page and an API that show what arrived."""
