INSERT INTO author (name) VALUES ('Mary Shelley'), ('Homer'), ('Homer');
INSERT INTO book (title, author_id) SELECT 'A book by ' || name, id FROM author;
