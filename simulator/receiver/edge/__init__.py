"""The Edge Network's side of the receiver (ingestion.md 2): interact, collect, consent and identity."""
