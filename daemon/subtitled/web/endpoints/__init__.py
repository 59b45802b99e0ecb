"""Routes for programs that send audio: Bazarr, and whatever speaks to OpenAI."""
