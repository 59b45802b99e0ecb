"""How subtitles are made: the durable workflow, its steps, the processes of the engines."""
