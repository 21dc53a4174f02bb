"""The answer to "how is it, and what should I do": facts, findings, and the words for them. Every door shows these."""
