UPDATE author SET bio = 'Wrote at the lake of Geneva.' WHERE name = 'Mary Shelley';
