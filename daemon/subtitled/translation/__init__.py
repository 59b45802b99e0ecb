"""Translation that shifts no line and pays for no line twice.

Sentences are sent as numbered lines and come back by number. Times are never sent. Each line that
comes back is checked. Good lines are stored, the others are asked for again in smaller batches and
then from the next translator. What no translator could translate stays in the spoken language and
is reported.

``batching`` makes the lines. ``checks`` and ``shift_check`` judge the answers. ``retry_split`` asks
again. ``calls`` is the only module that calls a translator. ``cache`` stores the lines. ``timing``
gives the words times. ``corrected_words`` puts in what a person approved. ``run`` uses them all.
"""
