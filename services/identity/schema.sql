-- The tables as they are now, for reading; a test proves that the migrations make exactly these.
-- Beside them every service has the tables of the chassis and of the event library.

-- Tenants, people, teams, regions and API keys: one row an aggregate, its state as events carry it, and the columns by
-- which lists filter and rows are unique.

CREATE TABLE tenant (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    slug text NOT NULL UNIQUE,
    CHECK (tenant_id = id)
);

CREATE TABLE person (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    email text,
    active boolean NOT NULL,
    roles text[] NOT NULL,
    manager_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id),
    UNIQUE (tenant_id, email)
);

CREATE TABLE team (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    parent_id uuid,
    lead_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);

CREATE TABLE region (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    parent_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);

CREATE TABLE api_key (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    name text NOT NULL,
    revoked boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- How people prove who they are. None of this ever leaves the service.

CREATE TABLE credential (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, person_id)
);

-- A refresh token is used once. All tokens that follow from one sign-in are a family; a used one coming back means that
-- it was stolen, and ends its family.
CREATE TABLE refresh_token (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    family_id uuid NOT NULL,
    person_id uuid NOT NULL,
    secret_sha256 text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX refresh_token_family ON refresh_token (tenant_id, family_id);
CREATE INDEX refresh_token_person ON refresh_token (tenant_id, person_id);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

-- Failed sign-ins of the last minutes, by the digest of tenant and mail address, whether such a person exists or not.
CREATE TABLE failed_sign_in (
    subject_sha256 text NOT NULL PRIMARY KEY,
    failures integer NOT NULL,
    since timestamptz NOT NULL
);

-- Keys that sign access tokens, of the whole platform: the newest signs, all that are not expired are published.
CREATE TABLE signing_key (
    id text NOT NULL PRIMARY KEY,
    private_key_pem text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz
);

SELECT dealstream_protect('tenant');
SELECT dealstream_protect('person');
SELECT dealstream_protect('team');
SELECT dealstream_protect('region');
SELECT dealstream_protect('api_key');
SELECT dealstream_protect('credential');
SELECT dealstream_protect('refresh_token');

-- The directory, which every other service fills from events, follows here within the transaction of the change itself.
CREATE FUNCTION directory_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO directory_record (tenant_id, kind, id, version, external_id, state)
    VALUES (NEW.tenant_id, TG_TABLE_NAME, NEW.id, NEW.version, NEW.state ->> 'external_id', NEW.state)
    ON CONFLICT (tenant_id, kind, id) DO UPDATE
    SET version = excluded.version, external_id = excluded.external_id, state = excluded.state;
    RETURN NULL;
END $$;
CREATE TRIGGER directory_follows AFTER INSERT OR UPDATE ON tenant
    FOR EACH ROW EXECUTE FUNCTION directory_follows();
CREATE TRIGGER directory_follows AFTER INSERT OR UPDATE ON person
    FOR EACH ROW EXECUTE FUNCTION directory_follows();
CREATE TRIGGER directory_follows AFTER INSERT OR UPDATE ON team
    FOR EACH ROW EXECUTE FUNCTION directory_follows();
CREATE TRIGGER directory_follows AFTER INSERT OR UPDATE ON region
    FOR EACH ROW EXECUTE FUNCTION directory_follows();
CREATE TRIGGER directory_follows AFTER INSERT OR UPDATE ON api_key
    FOR EACH ROW EXECUTE FUNCTION directory_follows();
