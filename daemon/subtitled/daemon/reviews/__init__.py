"""Reviews: reading a published sidecar as a document, editing, judging and approving it."""
