UPDATE author SET email = 'mary@example.org' WHERE name = 'Mary Shelley';
