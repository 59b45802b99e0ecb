"""Putting what was said into another language, so that nothing shifts or is paid for twice.

Sentences go out as numbered lines and come back by number; times never leave. Each line that comes
back is checked, good ones are kept for good, the rest is asked for again in ever smaller batches,
then of the next translator. What nobody could translate stays as it was said, and is told.

``sentences`` and ``scenes`` make the lines, ``checks`` and ``shifts`` judge what comes back,
``protocol`` asks again, ``calls`` is the only place that calls a translator, ``store`` remembers,
``run`` brings them together, ``layout`` lays the new words over the old ones' times.
"""
