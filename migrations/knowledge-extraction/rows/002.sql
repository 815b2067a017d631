INSERT INTO users (email, first_name, last_name) VALUES
    ('ada@example.com', 'Ada', 'Lovelace'),
    ('plato@example.com', 'Plato', NULL),
    ('nobody@example.com', NULL, NULL);
INSERT INTO documents (title, source, uploaded_by) SELECT 'On ' || email, 'file:///' || email, id FROM users;
