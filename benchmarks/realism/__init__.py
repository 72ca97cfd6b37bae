"""``make realism``: how people move here, beside what has been published about how people move."""
