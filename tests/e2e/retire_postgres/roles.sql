-- A service login that owns a table, may read another one and is in a group; and somebody whom all this does not concern.
GRANT pg_read_all_stats TO rescind;
CREATE ROLE keeper;
CREATE ROLE readers;
CREATE ROLE svc_billing LOGIN PASSWORD 'old-billing-secret';
COMMENT ON ROLE svc_billing IS 'billing-bot';
GRANT readers TO svc_billing;
CREATE TABLE customers (n int);
ALTER TABLE customers OWNER TO keeper;
GRANT SELECT ON customers TO svc_billing;
CREATE TABLE invoices (n bigint);
ALTER TABLE invoices OWNER TO svc_billing;
CREATE ROLE bystander LOGIN PASSWORD 'bystander-secret' IN ROLE readers;
COMMENT ON ROLE bystander IS 'erin';
CREATE TABLE diary (n int);
ALTER TABLE diary OWNER TO bystander;
GRANT SELECT ON customers TO bystander;
GRANT readers, keeper TO rescind WITH ADMIN OPTION;
