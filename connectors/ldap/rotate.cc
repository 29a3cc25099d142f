// Rotation that delivers, in a directory: a second account with the groups of the first, values
// written into attributes, and when an account last bound.
#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "connectors/ldap/connector.h"
#include "connectors/ldap/names.h"
#include "connectors/support/native_id.h"
#include "connectors/support/record.h"
#include "connectors/support/secret.h"

namespace rescind::ldap {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMarkDigits = 8;
constexpr std::string_view kSuffix = "_r";
constexpr std::string_view kSource = "last bind";
// Both are noted at a bind: by slapd itself since 2.5, by its overlay before.
constexpr std::array<const char*, 2> kBindTimes{"pwdLastSuccess", "authTimestamp"};

Successor with_answer(ActionResult answer) {
  Successor out;
  out.answer = std::move(answer);
  return out;
}

Successor ended(Attempt& attempt, ResultClass result, std::string detail) {
  return with_answer(attempt.finish(result, std::move(detail)));
}

std::string mark_of(const std::string& marker) {
  return "[rescind: made by " + marker + "]";
}

// "uid=svc" of "uid=svc,ou=services,…", as it is written.
std::string first_part(const std::string& dn) {
  const std::string parent = parent_dn(dn);
  return parent.empty() || dn.size() <= parent.size() + 1
             ? dn
             : dn.substr(0, dn.size() - parent.size() - 1);
}

// The name of the successor: that of the old one without the end of an earlier rotation.
std::string suffixed(std::string name, const std::string& marker) {
  const std::size_t tail = kSuffix.size() + kMarkDigits;
  if (name.size() > tail && name.compare(name.size() - tail, kSuffix.size(), kSuffix) == 0 &&
      name.find_first_not_of("0123456789abcdef", name.size() - kMarkDigits) == std::string::npos) {
    name.resize(name.size() - tail);
  }
  return name + std::string(kSuffix) + to_hex(sha256(marker)).substr(0, kMarkDigits);
}

std::string successor_dn(const std::string& dn, const std::string& marker) {
  return suffixed(first_part(dn), marker) + "," + parent_dn(dn);
}

std::optional<Instant> last_bind(const Entry& entry) {
  std::optional<Instant> latest;
  for (const char* attribute : kBindTimes) {
    const auto at = parse_generalized_time(entry.first(attribute));
    if (at && (!latest || *at > *latest)) {
      latest = at;
    }
  }
  return latest;
}

ActionResult refusal(const Answer& answer, Attempt& attempt) {
  if (answer.refused || answer.is(code::kStrongerAuth)) {
    return attempt.finish(ResultClass::AuthFailed, answer.why);
  }
  if (answer.delivery == Delivery::MaybeSent) {
    return attempt.finish(ResultClass::Unknown, answer.why);
  }
  const bool person = answer.is(code::kInsufficientAccess) || answer.is(code::kObjectClass) ||
                      answer.is(code::kConstraint) || answer.is(code::kUndefinedType);
  return attempt.finish(person ? ResultClass::NeedsHuman : ResultClass::Failed, answer.why);
}

ActionResult unreadable(ReadState state, const std::string& why, Attempt& attempt) {
  return attempt.finish(state == ReadState::Refused   ? ResultClass::AuthFailed
                        : state == ReadState::Missing ? ResultClass::Absent
                                                      : ResultClass::Failed,
                        why);
}

// Classes that only give room to attributes which are left out, and may demand them.
bool is_class_of_keys(const std::string& name) {
  constexpr std::array<const char*, 5> kClasses{"ldappublickey", "strongauthenticationuser",
                                                "krbprincipalaux", "krbticketpolicyaux",
                                                "ipasshuser"};
  const std::string known = lower(name);
  return std::any_of(kClasses.begin(), kClasses.end(),
                     [&](const char* one) { return known == one; });
}

struct Copy {
  std::vector<Change> attributes;
  std::string left_out;  // the names of what could authenticate, "a, b"
};

// The attributes of the second entry. Those that name a person or a mailbox are not for two; what
// lets somebody in goes with the old entry, else a key that is known to others would outlive it.
Copy copied(const Entry& old, const std::string& marker) {
  const std::string part = first_part(old.dn);
  const std::string naming = lower(part.substr(0, part.find('=')));
  Copy copy;
  std::vector<Change>& out = copy.attributes;
  bool described = false;
  for (const auto& [name, values] : old.values) {
    const bool names_it = name == naming || name == "uid";
    if (!names_it && can_authenticate(name)) {
      const bool usual = name == "userpassword" || name.starts_with("pwd");
      copy.left_out += usual ? "" : (copy.left_out.empty() ? "" : ", ") + name;
      continue;
    }
    if (name == "mail" || name == "memberof") {
      continue;
    }
    Change change{Change::Op::Add, name, values, false};
    if (name == "objectclass") {
      std::erase_if(change.values, is_class_of_keys);
    } else if (names_it) {
      change.values = {suffixed(old.first(name), marker)};
    } else if (name == "description") {
      change.values.push_back(mark_of(marker));
      described = true;
    }
    out.push_back(std::move(change));
  }
  if (!described) {
    out.push_back({Change::Op::Add, "description", {mark_of(marker)}, false});
  }
  return copy;
}

bool needs_password(const Entry& entry) {
  const std::vector<std::string>& classes = entry.all("objectclass");
  return std::any_of(classes.begin(), classes.end(),
                     [](const std::string& name) { return lower(name) == "simplesecurityobject"; });
}

}  // namespace

// The one entry of that exact name; Missing is proved by the server's own answer.
ReadAnswer LdapConnector::read_dn(const std::string& dn, bool operational) {
  SearchRequest request;
  request.base = dn;
  request.scope = Scope::Base;
  request.attributes = {"*"};
  if (operational) {
    for (const char* attribute : kBindTimes) {
      request.attributes.emplace_back(attribute);
    }
    request.attributes.push_back(directory_.id_attribute());
  }
  SearchAnswer answer = directory_.client().search(request);
  if (answer.is(code::kNoSuchObject)) {
    return {ReadState::Missing, {}, "there is no entry of that name"};
  }
  if (!answer.ok() || answer.entries.size() != 1) {
    const ReadState state = state_of(answer);
    return {state == ReadState::Found ? ReadState::Broken : state, {}, answer.why};
  }
  return {ReadState::Found, std::move(answer.entries.front()), ""};
}

void LdapConnector::describe_successor(const ActionRequest& request, const Entry& old,
                                       const Entry& made, Successor& out) const {
  FoundItem account;
  account.kind = Kind::Account;
  account.system = options_.system;
  account.native_id =
      directory_.id_attribute() == "dn" ? made.dn : id_text(directory_.id_attribute(), made);
  account.name = made.first("uid").empty() ? made.first("cn") : made.first("uid");
  account.enabled = true;
  const std::string holder = options_.holder_attribute.empty()
                                 ? std::string(traits().holder_attribute)
                                 : options_.holder_attribute;
  account.holder_key = made.first(lower(holder));
  FoundItem password = account;
  password.kind = Kind::Password;
  password.name.clear();
  password.enabled.reset();
  password.account_native_id = account.native_id;
  out.item.item = found_item_id(password);
  out.item.kind = Kind::Password;
  out.item.system = options_.system;
  out.item.native_id = account.native_id;
  out.item.account = found_item_id(account);
  out.item.account_native_id = account.native_id;
  out.item.holder = request.item.holder;
  out.login = made.dn;
  out.old_login = old.dn;
  for (const FoundItem* found : {&password, &account}) {
    Json record = Json::parse(record_of(*found).json);
    if (!request.item.holder.empty()) {
      record["holder"] = request.item.holder;
    }
    out.records.push_back({record.dump(), found->holder_key});
  }
}

Successor LdapConnector::find_successor(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  Attempt attempt;
  if (request.item.kind != Kind::Password) {
    return ended(attempt, ResultClass::Unsupported, "only passwords have successors here");
  }
  const ReadAnswer old = read_account(request.item.native_id);
  if (old.state != ReadState::Found) {
    return with_answer(unreadable(old.state, old.why, attempt));
  }
  const ReadAnswer there = read_dn(successor_dn(old.entry.dn, request.marker), true);
  if (there.state != ReadState::Found) {
    return with_answer(unreadable(there.state, there.why, attempt));
  }
  const std::vector<std::string>& described = there.entry.all("description");
  if (std::find(described.begin(), described.end(), mark_of(request.marker)) == described.end()) {
    return ended(attempt, ResultClass::NeedsHuman,
                 "there is an entry `" + there.entry.dn + "` that was not made by this request");
  }
  Successor out = ended(attempt, ResultClass::AlreadyDone, "the entry is there");
  describe_successor(request, old.entry, there.entry, out);
  return out;
}

// Every group that names the old account names the second one as well, in the same ways.
Answer LdapConnector::join_groups(const Entry& old, const std::string& dn, const std::string& uid,
                                  Attempt& attempt) {
  std::string named =
      "(|(member=" + filter_escape(old.dn) + ")(uniqueMember=" + filter_escape(old.dn) + ")";
  if (!old.first("uid").empty()) {
    named += equals_filter("memberUid", old.first("uid"));
  }
  SearchRequest search;
  search.base = directory_.group_base();
  search.filter = "(&" + directory_.options().group_filter + named + "))";
  search.attributes = member_attributes();
  const SearchAnswer groups = directory_.client().search_all(search);
  Answer last = groups;
  for (const Entry& group : groups.entries) {
    std::vector<Change> changes;
    for (const std::string& attribute : member_attributes()) {
      const std::vector<std::string>& values = group.all(attribute);
      const bool by_uid = attribute == "memberUid";
      const bool there = std::any_of(values.begin(), values.end(), [&](const std::string& value) {
        return by_uid ? value == old.first("uid") : comparable_dn(value) == comparable_dn(old.dn);
      });
      if (there) {
        changes.push_back({Change::Op::Add, attribute, {by_uid ? uid : dn}, false});
      }
    }
    if (!last.ok() || changes.empty()) {
      continue;
    }
    attempt.sent("modify " + group.dn + ": add the member " + dn);
    last = directory_.client().modify(group.dn, changes);
    if (last.is(code::kValueExists)) {
      last = groups;
    }
  }
  return last;
}

Successor LdapConnector::create_successor(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  Successor there = find_successor(request);
  if (there.answer.result != ResultClass::Absent) {
    return there;
  }
  Attempt attempt;
  // WHY the second read: what the directory itself writes into an entry is not for copying.
  ReadAnswer old = read_account(request.item.native_id);
  if (old.state == ReadState::Found) {
    old = read_dn(old.entry.dn, false);
  }
  if (old.state != ReadState::Found) {
    return with_answer(unreadable(old.state, old.why, attempt));
  }
  const std::string part = first_part(old.entry.dn);
  if (directory_.dialect() == Dialect::ActiveDirectory || part.find('+') != std::string::npos) {
    return ended(attempt, ResultClass::NeedsHuman,
                 "an account of this kind of directory or name is not copied");
  }
  Result<std::string> password = random_password();
  Result<std::string> unused = random_password();
  if (!password || !unused) {
    return ended(attempt, ResultClass::Failed, "the system gave no random bytes");
  }
  Secret secret = Secret::take(*password);
  const std::string dn = successor_dn(old.entry.dn, request.marker);
  auto [attributes, left_out] = copied(old.entry, request.marker);
  const std::string note =
      left_out.empty() ? "" : "left out, because it can authenticate: " + left_out;
  if (needs_password(old.entry)) {
    attributes.push_back({Change::Op::Add, "userPassword", {*unused}, true});
  }
  attempt.sent("add " + dn + " with the attributes of " + old.entry.dn +
               (note.empty() ? "" : "; " + note));
  Answer answer = directory_.client().add(dn, attributes);
  if (answer.ok()) {
    answer = join_groups(old.entry, dn, suffixed(old.entry.first("uid"), request.marker), attempt);
  }
  if (answer.ok()) {
    // Last, so that an entry that lacks anything has no value that somebody could use.
    attempt.sent("password modify " + dn + " (random, told to nobody)");
    answer = directory_.client().set_password(dn, std::string(secret.reveal()));
  }
  attempt.received(std::to_string(answer.result) + answer.diagnostic);
  if (!answer.ok()) {
    return with_answer(refusal(answer, attempt));
  }
  const ReadAnswer made = read_dn(dn, true);
  if (made.state != ReadState::Found) {
    return ended(attempt, ResultClass::Unknown, "reading back: " + made.why);
  }
  Successor out = ended(attempt, ResultClass::Changed, note);
  describe_successor(request, old.entry, made.entry, out);
  out.secret = std::move(secret);
  return out;
}

ActionResult LdapConnector::delete_successor(const ActionRequest& given,
                                             const ItemAddress& successor) {
  const Successor there = find_successor(given);
  Attempt attempt;
  if (there.answer.result != ResultClass::AlreadyDone) {
    return attempt.finish(there.answer.result, there.answer.detail);
  }
  if (there.item.native_id != addressed(successor).native_id) {
    return attempt.finish(ResultClass::NeedsHuman, "that entry was not made by this request");
  }
  ActionRequest erasing = given;
  erasing.verb = Verb::Delete;
  erasing.item = there.item;
  erasing.item.kind = Kind::Account;
  erasing.captured.clear();
  return erase(addressed(erasing));
}

// Only what a directory can receive: one attribute of one entry.
ActionResult LdapConnector::deliver(const DeliveryRequest& request, const Secret& secret) {
  Attempt attempt;
  const DeliveryTarget& target = request.target;
  if (target.kind != DeliveryKind::Ldap || !is_dn(target.path)) {
    return attempt.finish(ResultClass::Unsupported, "a directory receives in an attribute");
  }
  if (const Answer opened = directory_.open(); !opened.ok()) {
    return unreadable(state_of(opened), opened.why, attempt);
  }
  attempt.sent("modify " + target.path + ": replace " + target.attribute + ": (secret)");
  Answer answer;
  if (lower(target.attribute) == "userpassword") {
    answer = directory_.client().set_password(target.path, std::string(secret.reveal()));
  } else {
    answer = directory_.client().modify(
        target.path,
        {{Change::Op::Replace, target.attribute, {std::string(secret.reveal())}, true}});
  }
  attempt.received(std::to_string(answer.result) + answer.diagnostic);
  return answer.ok() ? attempt.finish(ResultClass::Changed, "") : refusal(answer, attempt);
}

// WHY only when alone: a directory notes that somebody bound, and not from where.
ProbeResult LdapConnector::confirm_delivery(const DeliveryRequest& request) {
  const bool receiver = request.target.kind == DeliveryKind::Ldap &&
                        request.target.system == options_.system &&
                        request.successor.system != options_.system;
  if (const Answer opened = directory_.open(); !opened.ok()) {
    return {ProbeAnswer::Unknown, opened.why, std::nullopt};
  }
  if (receiver) {
    const ReadAnswer there = read_dn(request.target.path, false);
    const bool held = there.state == ReadState::Found &&
                      !there.entry.all(lower(request.target.attribute)).empty();
    const bool enough = held && request.target.proof == DeliveryProof::Written;
    return {enough ? ProbeAnswer::Done : ProbeAnswer::Unknown,
            held ? "the attribute is set; a directory does not show who read it" : there.why,
            std::nullopt};
  }
  const ReadAnswer made = read_dn(request.login, true);
  if (made.state != ReadState::Found) {
    return {ProbeAnswer::Unknown, made.why, std::nullopt};
  }
  const std::optional<Instant> bound = last_bind(made.entry);
  if (!bound || *bound < request.since) {
    return {ProbeAnswer::NotDone, "nobody was seen to bind as " + request.login, std::nullopt};
  }
  if (!request.alone) {
    return {ProbeAnswer::Unknown, "somebody bound, and a directory does not show who",
            std::nullopt};
  }
  return {ProbeAnswer::Done, "bound as " + request.login + " at " + format_instant(*bound),
          std::nullopt};
}

Result<EvidenceReport> LdapConnector::usage(const UsageQuery& query) {
  if (const Answer opened = directory_.open(); !opened.ok()) {
    return fail(opened.refused ? ErrorKind::Auth : ErrorKind::Network, opened.why,
                RetryAdvice::Safe);
  }
  SearchRequest search;
  search.base = directory_.account_base();
  search.filter = directory_.account_filter();
  search.attributes = {directory_.id_attribute(), kBindTimes[0], kBindTimes[1]};
  const SearchAnswer answer = directory_.client().search_all(search);
  if (!answer.ok()) {
    return fail(answer.refused ? ErrorKind::Auth : ErrorKind::Network, answer.why,
                RetryAdvice::Safe);
  }
  EvidenceReport report;
  report.blind_spots = {"who bound", "use without a bind at this server", "refused binds"};
  for (const Entry& entry : answer.entries) {
    const std::optional<Instant> bound = last_bind(entry);
    const std::string id =
        directory_.id_attribute() == "dn" ? entry.dn : id_text(directory_.id_attribute(), entry);
    if (!bound || id.empty() || (query.since && *bound < *query.since)) {
      continue;
    }
    for (const Kind kind : {Kind::Account, Kind::Password}) {
      FoundItem item;
      item.kind = kind;
      item.system = options_.system;
      item.native_id = id;
      report.records.push_back({Json{{"record", "usage"},
                                     {"item", found_item_id(item)},
                                     {"at", format_instant(*bound)},
                                     {"source", kSource},
                                     {"outcome", "success"}}
                                    .dump(),
                                ""});
    }
  }
  if (options_.binds_since) {
    report.records.push_back({Json{{"record", "coverage"},
                                   {"system", options_.system},
                                   {"kinds", Json::array({"account", "password"})},
                                   {"since", format_instant(*options_.binds_since)},
                                   {"until", format_instant(clock_.now())},
                                   {"source", kSource}}
                                  .dump(),
                              ""});
  }
  return report;
}

}  // namespace rescind::ldap
