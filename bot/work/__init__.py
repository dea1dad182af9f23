"""What staff do with a ticket beside its own life in `bot.tickets`: finding it, noting, sorting, drafting."""
