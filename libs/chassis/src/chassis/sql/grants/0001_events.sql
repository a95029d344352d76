-- What a tenant's transaction may do with the tables of the events library: publish, and nothing else.
GRANT INSERT ON outbox_event TO dealstream_tenant;
GRANT ALL ON ALL TABLES IN SCHEMA public TO dealstream_worker;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO dealstream_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO dealstream_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO dealstream_worker;
