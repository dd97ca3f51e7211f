"""The machine searched exhaustively: every order of what may happen, against an honest oracle."""
