CREATE TABLE changes (
    id BIGSERIAL NOT NULL,
    medium BYTEA NOT NULL,
    path BYTEA NOT NULL,
    language TEXT NOT NULL,
    kind TEXT NOT NULL,
    there BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE controls (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (key)
);

CREATE TABLE egress (
    id BIGSERIAL NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    at FLOAT NOT NULL,
    path BYTEA NOT NULL,
    library TEXT,
    component TEXT NOT NULL,
    destination TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount FLOAT NOT NULL,
    host TEXT DEFAULT '' NOT NULL,
    region TEXT DEFAULT '' NOT NULL,
    request_id TEXT DEFAULT '' NOT NULL,
    price FLOAT,
    currency TEXT DEFAULT '' NOT NULL,
    budgets TEXT DEFAULT '[]' NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX ix_egress_at ON egress (at);

CREATE UNIQUE INDEX ix_egress_open ON egress (key) WHERE state = 'open';

CREATE TABLE files (
    id BIGSERIAL NOT NULL,
    library TEXT NOT NULL,
    path BYTEA NOT NULL,
    device BIGINT NOT NULL,
    inode BIGINT NOT NULL,
    size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    content_id TEXT,
    state TEXT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    cure TEXT DEFAULT '' NOT NULL,
    progress TEXT DEFAULT '' NOT NULL,
    spoken TEXT,
    attempts BIGINT DEFAULT '0' NOT NULL,
    next_try_at FLOAT,
    settings_digest TEXT,
    priority BIGINT DEFAULT '100' NOT NULL,
    job_id TEXT,
    steady_since FLOAT NOT NULL,
    updated_at FLOAT NOT NULL,
    looks BIGINT DEFAULT '0' NOT NULL,
    beside BIGINT,
    previous_content_id TEXT,
    crashes BIGINT DEFAULT '0' NOT NULL,
    makers_digest TEXT,
    missing_since FLOAT,
    was TEXT,
    worker TEXT,
    PRIMARY KEY (id),
    UNIQUE (path)
);

CREATE INDEX ix_files_content_id ON files (content_id);

CREATE INDEX ix_files_device_inode ON files (device, inode);

CREATE INDEX ix_files_next ON files (library, next_try_at) WHERE next_try_at IS NOT NULL;

CREATE INDEX ix_files_state ON files (state);

CREATE INDEX ix_files_urgent ON files (library, priority, steady_since DESC) WHERE next_try_at IS NOT NULL;

CREATE TABLE notices (
    id BIGSERIAL NOT NULL,
    notifier TEXT NOT NULL,
    at FLOAT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX ix_notices_notifier ON notices (notifier, id);

CREATE TABLE requests (
    id BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    path BYTEA,
    PRIMARY KEY (id)
);

CREATE UNIQUE INDEX ix_requests_once ON requests (kind, coalesce(path, ''));

CREATE TABLE sidecars (
    id BIGSERIAL NOT NULL,
    path BYTEA NOT NULL,
    medium BYTEA NOT NULL,
    content_id TEXT NOT NULL,
    language TEXT NOT NULL,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    recipe TEXT NOT NULL,
    made_at FLOAT NOT NULL,
    fate TEXT DEFAULT 'there' NOT NULL,
    by_hand BOOLEAN DEFAULT false NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (path)
);

CREATE INDEX ix_sidecars_content_id ON sidecars (content_id);

CREATE INDEX ix_sidecars_medium ON sidecars (medium);

CREATE TABLE spending (
    budget TEXT NOT NULL,
    period TEXT NOT NULL,
    money FLOAT NOT NULL,
    seconds FLOAT NOT NULL,
    PRIMARY KEY (budget, period)
);

CREATE TABLE tellings (
    id BIGSERIAL NOT NULL,
    server TEXT NOT NULL,
    medium BYTEA NOT NULL,
    written TEXT NOT NULL,
    removed TEXT NOT NULL,
    state TEXT NOT NULL,
    method BIGINT NOT NULL,
    looks BIGINT NOT NULL,
    due_at FLOAT,
    told_at FLOAT,
    ended_at FLOAT,
    detail TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (server, medium)
);

CREATE INDEX ix_tellings_due ON tellings (server, due_at) WHERE due_at IS NOT NULL;

CREATE INDEX ix_tellings_medium ON tellings (medium);
