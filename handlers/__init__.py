"""The doors: the only code that knows Telegram or HTTP."""
