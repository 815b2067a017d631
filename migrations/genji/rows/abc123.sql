INSERT INTO app.users (email, name, age, old_status, is_active) VALUES
    ('a@example.com', 'A', '41', 'active', true),
    ('b@example.com', 'B', '007', 'blocked', false),
    ('c@example.com', 'C', 'old enough', NULL, NULL),
    ('d@example.com', 'D', NULL, 'active', NULL);
INSERT INTO app.import_batches (id, label) VALUES (7, 'The first box'), (9, 'The second box');
INSERT INTO app.documents (title, owner_id, batch_id) VALUES ('One', 1, 7), ('Two', 2, 9), ('Three', NULL, NULL);
INSERT INTO app.annotations (document_id, body) VALUES (1, '{"text": "see page 3"}');
