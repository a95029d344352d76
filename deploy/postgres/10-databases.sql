-- One database a service; no service reads another's.
CREATE DATABASE dealstream_identity;
CREATE DATABASE dealstream_leads;
CREATE DATABASE dealstream_deals;
CREATE DATABASE dealstream_analytics;
CREATE DATABASE dealstream_notifications;
