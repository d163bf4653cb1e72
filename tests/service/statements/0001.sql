-- What releases at revision 0001 ask of the database. Recorded: it does not change with the code.

INSERT INTO cursors (name, value)
VALUES ('text', 'text');
SELECT name, value FROM cursors;
UPDATE cursors SET value = 'text';
DELETE FROM cursors WHERE name IS NULL;
INSERT INTO cursors (name, value)
VALUES ('other', 'text');

INSERT INTO deliveries (id, event, payload, received_at, state, attempts, note, try_again_at, done_at)
VALUES ('text', 'text', '\x00ff', now(), 'text', 3, 'text', now(), now());
SELECT id, event, payload, received_at, state, attempts, note, try_again_at, done_at FROM deliveries;
UPDATE deliveries SET event = 'text', payload = '\x00ff', received_at = now(), state = 'text', attempts = 3, note = 'text', try_again_at = now(), done_at = now();
DELETE FROM deliveries WHERE id IS NULL;
INSERT INTO deliveries (id, event, payload)
VALUES ('other', 'text', '\x00ff');

INSERT INTO github_writes (installation_id, moment, writes)
VALUES (2, now(), 3);
SELECT installation_id, moment, writes FROM github_writes;
UPDATE github_writes SET writes = 3;
DELETE FROM github_writes WHERE installation_id IS NULL;
INSERT INTO github_writes (installation_id, moment, writes)
VALUES (4, now() + interval '1 s', 3);

INSERT INTO installations (id, account, suspended_at, removed_at, paused_until)
VALUES (1, 'text', now(), now(), now());
SELECT id, account, suspended_at, removed_at, paused_until FROM installations;
UPDATE installations SET account = 'text', suspended_at = now(), removed_at = now(), paused_until = now();
DELETE FROM installations WHERE id IS NULL;
INSERT INTO installations (id, account)
VALUES (4, 'text');

INSERT INTO leases (name, owner, until)
VALUES ('text', 'text', now());
SELECT name, owner, until FROM leases;
UPDATE leases SET owner = 'text', until = now();
DELETE FROM leases WHERE name IS NULL;
INSERT INTO leases (name, owner, until)
VALUES ('other', 'text', now());

INSERT INTO repositories (id, installation_id, full_name, default_branch, clone_url, private, removed_at)
VALUES (1, 2, 'text', 'text', 'text', false, now());
SELECT id, installation_id, full_name, default_branch, clone_url, private, removed_at FROM repositories;
UPDATE repositories SET installation_id = 2, full_name = 'text', default_branch = 'text', clone_url = 'text', private = false, removed_at = now();
DELETE FROM repositories WHERE id IS NULL;
INSERT INTO repositories (id, installation_id, full_name, default_branch, clone_url, private)
VALUES (4, 2, 'text', 'text', 'text', false);

INSERT INTO pull_requests (repository_id, number, is_open, head_sha, base_ref, updated_at, approved_sha, approved_base_ref, approved_by)
VALUES (1, 3, false, 'text', 'text', now(), 'text', 'text', 'text');
SELECT repository_id, number, is_open, head_sha, base_ref, updated_at, approved_sha, approved_base_ref, approved_by FROM pull_requests;
UPDATE pull_requests SET is_open = false, head_sha = 'text', base_ref = 'text', updated_at = now(), approved_sha = 'text', approved_base_ref = 'text', approved_by = 'text';
DELETE FROM pull_requests WHERE repository_id IS NULL;
INSERT INTO pull_requests (repository_id, number, is_open, head_sha, base_ref)
VALUES (1, 4, false, 'text', 'text');

INSERT INTO reviews (id, repository_id, installation_id, number, ref, head_sha, base_ref, cause, attempt, value, version, cancel_reason, is_over, look_again_at, show_again_at, shown, is_shown, failures, error, page_key, created_at, over_at)
VALUES (1001, 1, 2, 3, 'text', 'text', 'text', 'text', 3, 'text', 3, 'text', false, now(), now(), 'text', false, 3, 'text', 'text', now(), now());
SELECT id, repository_id, installation_id, number, ref, head_sha, base_ref, cause, attempt, value, version, cancel_reason, is_over, look_again_at, show_again_at, shown, is_shown, failures, error, page_key, created_at, over_at FROM reviews;
UPDATE reviews SET repository_id = 1, installation_id = 2, number = 3, ref = 'text', head_sha = 'text', base_ref = 'text', cause = 'text', attempt = 3, value = 'text', version = 3, cancel_reason = 'text', is_over = false, look_again_at = now(), show_again_at = now(), shown = 'text', is_shown = false, failures = 3, error = 'text', page_key = 'text', created_at = now(), over_at = now();
DELETE FROM reviews WHERE id IS NULL;
INSERT INTO reviews (repository_id, installation_id, ref, head_sha, cause, attempt, value, page_key)
VALUES (1, 2, 'text', 'text', 'other', 3, 'text', 'text');

INSERT INTO runs (run_id, review_id, repository_id, installation_id, position, backend, value, state, observation, result, cancel_requested, taken_by, taken_until, generation, token_hash, token_until, event_number, queued_at, taken_at, submitted_at, ended_at)
VALUES ('text', 1001, 1, 2, 3, 'text', 'text', 'text', 'text', 'text', false, 'text', now(), 3, '\x00ff', now(), 3, now(), now(), now(), now());
SELECT run_id, review_id, repository_id, installation_id, position, backend, value, state, observation, result, cancel_requested, taken_by, taken_until, generation, token_hash, token_until, event_number, queued_at, taken_at, submitted_at, ended_at FROM runs;
UPDATE runs SET review_id = 1001, repository_id = 1, installation_id = 2, position = 3, backend = 'text', value = 'text', state = 'text', observation = 'text', result = 'text', cancel_requested = false, taken_by = 'text', taken_until = now(), generation = 3, token_hash = '\x00ff', token_until = now(), event_number = 3, queued_at = now(), taken_at = now(), submitted_at = now(), ended_at = now();
DELETE FROM runs WHERE run_id IS NULL;
INSERT INTO runs (run_id, review_id, repository_id, installation_id, position, backend, value)
VALUES ('other', 1, 1, 2, 3, 'text', 'text');

INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
VALUES ('nbci', 'advance', 'review:1', 'review:1', '{"review_id": 1}')
ON CONFLICT (queueing_lock) WHERE status = 'todo'
DO UPDATE SET args = excluded.args, scheduled_at = NULL;
INSERT INTO procrastinate_workers DEFAULT VALUES;
UPDATE procrastinate_workers SET last_heartbeat = now();
SELECT id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name,
    attempts, worker_id
FROM procrastinate_fetch_job_v2('{nbci}', (SELECT max(id) FROM procrastinate_workers));
UPDATE procrastinate_jobs SET status = 'todo', attempts = attempts + 1, worker_id = NULL,
    scheduled_at = NULL;
SELECT procrastinate_unregister_worker_v1((SELECT max(id) FROM procrastinate_workers));
SELECT * FROM procrastinate_register_worker_v1();
SELECT * FROM procrastinate_prune_stalled_workers_v1(20);
SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND abort_requested = true;
DELETE FROM procrastinate_jobs;
SELECT version_num FROM alembic_version;
