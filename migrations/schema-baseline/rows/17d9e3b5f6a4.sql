INSERT INTO sources (name, url) VALUES ('news', 'https://example.com/news');
INSERT INTO jobs (source_id, status) SELECT id, unnest(ARRAY['queued', 'done', 'failed']) FROM sources;
INSERT INTO job_events (job_id, message) SELECT id, 'made' FROM jobs;
INSERT INTO webhooks (source_id, target_url) SELECT id, 'https://example.com/hook' FROM sources;
