INSERT INTO users (email, hashed_password) VALUES ('archivist@example.com', 'x');
INSERT INTO documents (title, status) VALUES ('Charter', 'active'), ('Letters', 'draft'), ('Ledger', NULL);
INSERT INTO outputs (document_id, body) SELECT id, 'About the ' || title FROM documents;
INSERT INTO writing_styles (name, prompt) VALUES ('plain', 'Short sentences.'), ('formal', 'No contractions.');
