// The connector port: how the engine lists, reads, changes and restores access in one system. A
// connector never decides; it says what it can do, does one thing at a time and reports exactly
// what it saw.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/vocabulary.h"

namespace rescind {

// What an attempt came to. Never a boolean: the difference decides what happens next.
enum class ResultClass : std::uint8_t {
  Changed,          // done by this request
  AlreadyDone,      // the state was already as asked, read and not guessed
  Absent,           // the thing is gone, proved by a fresh authoritative read by exact id
  Async,            // accepted; poll with probe
  ResidualUntil,    // done, but access lasts until `until`
  NeedsHuman,       // only a person can do that
  NeedsCodeChange,  // consumers must change first
  Unsupported,      // this system cannot do that
  Conflict,         // somebody changed it meanwhile; read again
  Throttled,        // not done; try again at `until`
  AuthFailed,       // our credential was refused: stop asking this system
  Failed,           // not done, for certain
  Unknown,          // may or may not have happened: probe before anything else
};
std::string_view result_class_name(ResultClass value);
std::optional<ResultClass> find_result_class(std::string_view name);

// The item to act on, as the system knows it.
struct ItemAddress {
  std::string item;  // our id ("corp-ldap:uid=alice")
  Kind kind = Kind::Account;
  std::string system;
  std::string
      native_id;     // immutable id in the system ("uid=alice,ou=people,…", SCIM id, role name)
  std::string name;  // group or role name, when the item is a right
  std::string account;  // our id of the account it is under, "" none
  std::string account_native_id;
  std::string holder;
};

struct ActionRequest {
  std::string marker;  // idempotency key: step id + generation
  Verb verb = Verb::Disable;
  ItemAddress item;
  std::string target;    // transfer, redirect: native id (or our id) of the receiver
  std::string text;      // narrow: the level
  std::string captured;  // state captured before (JSON), for undo and compare-and-set
};

struct ActionResult {
  ResultClass result = ResultClass::Unknown;
  std::string detail;                 // one line for people; no secrets
  std::optional<Instant> until;       // ResidualUntil, Throttled
  std::vector<std::string> requests;  // what was sent, one line each, secrets redacted
  std::string response_digest;        // sha256 of the answers' bytes; "" when there was none
};

// What a fresh read by exact id saw.
enum class Presence : std::uint8_t { Present, Absent, Unknown };

struct Observation {
  Presence presence = Presence::Unknown;
  std::optional<bool> enabled;  // accounts and credentials, where the system knows
  std::map<std::string, std::string>
      facts;           // what else matters ("level": "admin", "sessions": "2")
  std::string detail;  // why Unknown
  std::string state;   // full state as JSON, for capture; secrets left out
};

// Whether a verb's goal already holds.
enum class ProbeAnswer : std::uint8_t { Done, NotDone, Unknown };

struct ProbeResult {
  ProbeAnswer answer = ProbeAnswer::Unknown;
  std::string detail;
  std::optional<Instant> residual_until;
};

// One thing that discovery found, as a record in the inventory's own JSON form (one object, no
// newline).
struct DiscoveredRecord {
  std::string json;
  // For accounts and what is under them: the account's value of holder_account_attribute, by which
  // collect finds the person (the record itself names no holder). "" when the system gives none.
  std::string holder_key;
};

struct ListingState {
  std::string kind;  // kind name
  bool complete = false;
  std::string why;  // when not complete
};

struct Discovery {
  std::vector<DiscoveredRecord> records;
  std::vector<ListingState> listings;  // one per kind tried; a kind not here was not listed
};

struct VerbSupport {
  Verb verb = Verb::Disable;
  Kind kind = Kind::Account;
  EffectSet effects;  // what it really does here; empty: the defaults
  Reversible reversible = Reversible::Yes;
  std::optional<Seconds> undo_window;
};

struct Capabilities {
  std::string connector;  // "ldap"
  std::string version;    // of the connector's behaviour; part of the plan's digest
  std::string endpoint;   // where it points, without secrets; part of the plan's digest
  std::vector<VerbSupport> verbs;
  KindSet enumerable;                      // kinds it can list completely
  std::vector<Kind> order_inside_account;  // empty: the global order
  bool sessions_survive_disable = true;
};

// Implementations are used by one thread at a time per instance. They throw nothing.
class Connector {
 public:
  virtual ~Connector() = default;

  // Asks the system what it can do (SCIM ServiceProviderConfig …). Called once before use.
  virtual Result<Capabilities> capabilities() = 0;
  // Lists accounts, memberships, sessions and credentials. Listings that failed or were cut short
  // are said so, never taken for absence. Errors: only when nothing at all could be asked.
  virtual Result<Discovery> discover() = 0;
  // Lists what is live under one account now (sessions, tokens …), for sweeps.
  virtual Result<Discovery> discover_account(const ItemAddress& account) = 0;
  // Reads the item's present state. Never changes anything.
  virtual Result<Observation> observe(const ItemAddress& item) = 0;
  // Does one thing and reads it back.
  virtual ActionResult perform(const ActionRequest& request) = 0;
  // Whether the goal of the request holds now. Never changes anything.
  virtual ProbeResult probe(const ActionRequest& request) = 0;
  // Puts the captured state back. Not every verb can: Unsupported.
  virtual ActionResult undo(const ActionRequest& request) = 0;
  // What perform would send, one line each, secrets redacted. Touches nothing.
  virtual std::vector<std::string> preview(const ActionRequest& request) = 0;
};

// A secret of the configuration, resolved when used and never printed.
using Settings = std::map<std::string, std::string>;

struct ConnectorConfig {
  std::string system;     // the inventory's system id
  std::string connector;  // "ldap"
  Settings settings;      // plain values; secrets already resolved, under their own keys
  std::string acts_as;    // item id of the connector's own credential; "" unknown
  std::string holder_account_attribute;  // holder: {account: uid, identity: id}
  std::string holder_identity_attribute;
};

using ConnectorFactory = Result<std::unique_ptr<Connector>> (*)(const ConnectorConfig& config,
                                                                Clock& clock);

}  // namespace rescind
