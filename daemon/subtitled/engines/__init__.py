"""Processes that engines live in: started, spoken to, held to what they promised, ended."""
