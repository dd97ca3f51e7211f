-- What the core was shown of the reservations beside a trigger. Frozen: a change is a new revision.

-- NULL says that nothing was held and nothing stood in the way. The default marks what did not
-- record it: rows from before, and those that older code writes while a rollout lasts.
ALTER TABLE history ADD COLUMN money json DEFAULT '"unrecorded"';
