UPDATE jobs SET owner = 'mara' WHERE status = 'failed';
