"""What claiming, listing and reading cost with millions of disputes, beside almost none."""
