"""Industry packs and community plugins; nothing in core/ or plugins/ imports them."""
