CREATE TABLE IF NOT EXISTS voucher_budget (
  campaign TEXT PRIMARY KEY,
  granted BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS voucher_grant (
  campaign TEXT NOT NULL,
  person TEXT NOT NULL,
  visit TEXT NOT NULL,
  granted_at BIGINT NOT NULL,
  PRIMARY KEY (person, campaign)
);
CREATE INDEX IF NOT EXISTS voucher_grant_campaign ON voucher_grant (campaign, person);
CREATE TABLE IF NOT EXISTS voucher_visit (
  visit TEXT PRIMARY KEY,
  campaign TEXT NOT NULL,
  person TEXT NOT NULL
);
