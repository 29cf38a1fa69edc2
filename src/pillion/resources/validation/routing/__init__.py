"""What a VirtualService holds.

`virtual_service` around `http`, `match`, `action` and `headers`; `overlap` finds rules that are never used.
"""
