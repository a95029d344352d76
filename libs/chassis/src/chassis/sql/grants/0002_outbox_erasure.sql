-- What a tenant's transaction may do with the past of the outbox: take back the words of its own aggregates that are to
-- be forgotten, and ask whether all of them are on their way. Rows without words (null records) stay to be published.
CREATE FUNCTION dealstream_outbox_forget(of_topic text, of_aggregates uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    of_tenant uuid := nullif(current_setting('dealstream.tenant', true), '')::uuid;
    sent bigint;
    held bigint;
BEGIN
    DELETE FROM outbox_event
     WHERE tenantid = of_tenant AND aggregatetype = of_topic AND aggregateid = ANY (of_aggregates)
       AND payload IS NOT NULL;
    GET DIAGNOSTICS sent = ROW_COUNT;
    DELETE FROM outbox_quarantine
     WHERE tenantid = of_tenant AND aggregatetype = of_topic AND aggregateid = ANY (of_aggregates)
       AND payload IS NOT NULL;
    GET DIAGNOSTICS held = ROW_COUNT;
    RETURN sent + held;
END $$;

-- Published is what stands before the window of the relay of its shard; what is held in quarantine is not.
CREATE FUNCTION dealstream_outbox_published(of_topic text, of_aggregates uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT NOT EXISTS (
        SELECT FROM outbox_event AS event
         WHERE event.tenantid = nullif(current_setting('dealstream.tenant', true), '')::uuid
           AND event.aggregatetype = of_topic AND event.aggregateid = ANY (of_aggregates)
           AND NOT EXISTS (
               SELECT FROM outbox_cursor AS relay
                WHERE event.bucket % relay.shards = relay.shard
                  AND (pg_visible_in_snapshot(event.xid, relay.from_snapshot)
                       OR (pg_visible_in_snapshot(event.xid, relay.to_snapshot) AND event.seq <= relay.last_seq)))
    ) AND NOT EXISTS (
        SELECT FROM outbox_quarantine AS held
         WHERE held.tenantid = nullif(current_setting('dealstream.tenant', true), '')::uuid
           AND held.aggregatetype = of_topic AND held.aggregateid = ANY (of_aggregates) AND held.released_at IS NULL
    )
$$;
