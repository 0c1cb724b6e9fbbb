"""Signing in with passkeys, and the sessions of browsers.

ceremonies    challenges that are answered once, by the browser they were given to
browsers      cookie -> who is signed in; CSRF
texts         what the pages say, in two languages
pages         the routes of signing in and out
passkeys      the page of one's own passkeys: list, add, remove
"""
