-- In which wallet's file, in which version, a dispute was opened. Not known of those from before.
ALTER TABLE disputes ADD COLUMN wallet text, ADD COLUMN wallet_version integer;
