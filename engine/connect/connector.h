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
#include "base/secret.h"
#include "model/delivery.h"
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

// A second credential beside the one that is to go. It is found again by the marker of the request,
// from which its name follows.
struct Successor {
  // Changed: made by this call. AlreadyDone: it was there already, and its value is told to nobody
  // again. Everything else: there is none, or (Unknown) nobody knows.
  ActionResult answer;
  ItemAddress item;
  std::string login;      // the name that goes with the value; "" when the value alone is enough
  std::string old_login;  // the same of the old one
  // The successor and what came with it (its account …), as inventory records. The one of `item`
  // comes first.
  std::vector<DiscoveredRecord> records;
  Secret secret;  // only when made by this call
};

struct DeliveryRequest {
  std::string marker;     // of the replacement
  ItemAddress item;       // the old one
  ItemAddress successor;  // what is delivered
  std::string login;      // of the successor; "" none
  std::string old_login;  // of the old one; "" none
  std::string dependent;  // identity or item id of who reads it
  DeliveryTarget target;  // where
  Instant since{};        // when the successor was made: use before that proves nothing
  bool alone = true;      // nobody else gets this successor: any use of it is the dependent's
};

// A source of evidence of use that a connector has.
struct EvidenceSource {
  std::string name;  // "pg_stat_activity": the `source` of usage and coverage records
  KindSet kinds;     // whose use it shows
  Seconds lag{0};    // how far behind it can be
  std::vector<std::string> blind_spots;  // uses that it cannot see, for people
};

struct UsageQuery {
  // Use after this instant is asked for, and how far back coverage of the same source reaches
  // without a gap; nothing: whatever the system still knows.
  std::optional<Instant> since;
};

// What a system saw of the use of its items: records `usage` and `coverage` of the inventory. A use
// that is not here did not happen only where a coverage record says so.
struct EvidenceReport {
  std::vector<DiscoveredRecord> records;
  std::vector<std::string> blind_spots;  // for people; where one is, coverage does not claim it
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
  KindSet successors;                    // kinds beside which it can make a second one
  std::vector<DeliveryKind> receives;    // kinds of targets that it can write
  std::vector<EvidenceSource> evidence;  // where usage() has it from
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

  // --- rotation that delivers. A connector that cannot leaves these as they are: Unsupported.

  // Makes a successor of request.item, or finds the one that this marker made before. Never
  // changes the old one.
  virtual Successor create_successor(const ActionRequest& request);
  // The successor that this marker made, without its value. AlreadyDone: it is there; Absent: it is
  // not, read by exact id. Never changes anything.
  virtual Successor find_successor(const ActionRequest& request);
  // Ends a successor whose value was lost, by exact id, with what came with it. Refuses what this
  // marker did not make.
  virtual ActionResult delete_successor(const ActionRequest& request, const ItemAddress& successor);
  // Puts the value where the dependent reads it: only targets of a kind in Capabilities::receives.
  // Repeating it is harmless.
  virtual ActionResult deliver(const DeliveryRequest& request, const Secret& secret);
  // Whether the dependent has taken the successor up, by what this system sees: asked of the system
  // that made it and of the one that received it. Never changes anything.
  virtual ProbeResult confirm_delivery(const DeliveryRequest& request);

  // --- evidence of use. Errors: Unsupported when this system shows none.
  virtual Result<EvidenceReport> usage(const UsageQuery& query);
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
