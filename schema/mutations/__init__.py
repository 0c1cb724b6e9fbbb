"""The root fields that write, a file per area; each is resolver -> verb -> poster or store."""
