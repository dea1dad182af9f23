"""The staff's group in Telegram: a topic for each ticket, and whose Telegram account is whose."""
