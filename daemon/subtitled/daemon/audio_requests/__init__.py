"""Questions of other programs about audio that they send: its text, or its language."""
