"""How good a subtitle is: against published limits, and against another of the same medium."""
