"""The staff's group in Telegram: what is written and pressed there, and what is posted."""
