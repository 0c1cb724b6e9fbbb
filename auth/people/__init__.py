"""People in front of a browser: who they are, and that it is they.

staff       people who work at the hub or at a partner, and their roles
sessions    signing in with passkeys: theirs, and members'
"""
