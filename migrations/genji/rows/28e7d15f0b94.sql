INSERT INTO app.documents (title, batch_id) VALUES ('Four, after the labels were copied', 9);
