"""The store of transcripts and analyses by fingerprint."""
