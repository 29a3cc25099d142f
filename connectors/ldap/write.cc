// How the LDAP connector changes things: read, change exactly the value that was read, read back.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "connectors/ldap/connector.h"
#include "connectors/ldap/names.h"
#include "connectors/support/native_id.h"
#include "connectors/support/secret.h"

namespace rescind::ldap {
namespace {

using Json = nlohmann::json;

constexpr std::uint32_t kAdNotAMember = 0x561;  // ERROR_MEMBER_NOT_IN_ALIAS
constexpr std::uint32_t kAdAlreadyMember = 0x562;

ActionResult plain(ResultClass result, std::string detail) {
  Attempt nothing_sent;
  return nothing_sent.finish(result, std::move(detail));
}

// What a read that did not find the item means before anything was changed.
ActionResult unread(const ReadAnswer& read, Attempt& attempt) {
  switch (read.state) {
  case ReadState::Refused:
    return attempt.finish(ResultClass::AuthFailed, read.why);
  case ReadState::Missing:
    return attempt.finish(ResultClass::Absent, read.why);
  case ReadState::Found:
  case ReadState::Unreachable:
  case ReadState::Broken:
    break;
  }
  return attempt.finish(ResultClass::Failed, "nothing was changed: " + read.why);
}

std::string line_of(const Change& change) {
  constexpr const char* kOps[] = {"add", "delete", "replace"};
  std::string line = kOps[static_cast<std::size_t>(change.op)];
  line += " " + change.attribute + ":";
  for (const std::string& value : change.values) {
    line += " " + (change.secret ? "(secret)" : value);
  }
  return line;
}

std::string modify_line(const std::string& dn, const std::vector<Change>& changes) {
  std::string line = "modify " + dn;
  for (const Change& change : changes) {
    line += "; " + line_of(change);
  }
  return line;
}

void note_answer(const Answer& answer, Attempt& attempt) {
  if (answer.delivery == Delivery::Answered) {
    attempt.received(std::to_string(answer.result));
    attempt.received(answer.diagnostic);
  }
}

// Answers that settle the matter whatever a read would show. Nothing: read back and see.
std::optional<ActionResult> final_answer(const Answer& answer, Attempt& attempt) {
  if (answer.refused || answer.is(code::kStrongerAuth)) {
    return attempt.finish(ResultClass::AuthFailed, answer.why);
  }
  if (answer.delivery == Delivery::NotSent) {
    return attempt.finish(ResultClass::Failed, "nothing was changed: " + answer.why);
  }
  if (answer.is(code::kInsufficientAccess)) {
    return attempt.finish(ResultClass::NeedsHuman,
                          "the connector's account may not do that: " + answer.why);
  }
  if (answer.is(code::kReferral)) {
    return attempt.finish(ResultClass::Failed, "this server takes no changes: " + answer.why);
  }
  return std::nullopt;
}

// After a change whose effect a fresh read does not show.
ActionResult not_done(const Answer& answer, Attempt& attempt) {
  if (answer.delivery == Delivery::MaybeSent) {
    return attempt.finish(ResultClass::Unknown, answer.why + "; it is not done yet");
  }
  if (answer.is(code::kNoSuchAttribute) || answer.is(code::kValueExists) ||
      answer.is(code::kAssertionFailed)) {
    return attempt.finish(ResultClass::Conflict, "somebody changed it meanwhile: " + answer.why);
  }
  return attempt.finish(
      ResultClass::Failed,
      answer.ok() ? "the server accepted the change and did not make it" : answer.why);
}

// After a change when reading back failed.
ActionResult not_seen(const Answer& answer, const ReadAnswer& read, Attempt& attempt) {
  const bool refused = answer.delivery == Delivery::Answered && !answer.ok();
  return attempt.finish(refused ? ResultClass::Failed : ResultClass::Unknown,
                        (answer.ok() ? std::string("the server accepted the change") : answer.why) +
                            "; reading back: " + read.why);
}

std::vector<std::string> captured_values(const Json& state, std::string_view attribute) {
  const Json::json_pointer path("/attributes/" + lower(attribute));
  std::vector<std::string> values;
  if (state.contains(path) && state[path].is_array()) {
    for (const Json& value : state[path]) {
      if (value.is_string()) {
        values.push_back(value.get<std::string>());
      }
    }
  }
  return values;
}

}  // namespace

std::string LdapConnector::why_lock_is_void(const Entry* account) {
  if (directory_.dialect() != Dialect::OpenLdap || options_.trust_lockout) {
    return "";
  }
  if (!directory_.has_ppolicy()) {
    return "this server has no ppolicy overlay, without which nothing disables an account; load "
           "it, "
           "or delete the account";
  }
  // WHY: without a policy that says pwdLockout: TRUE the server stores the lock and ignores it.
  SearchRequest request;
  request.base = directory_.root();
  request.filter = "(&(objectClass=pwdPolicy)(pwdLockout=TRUE))";
  request.attributes = {"1.1"};
  request.size_limit = 1;
  if (account != nullptr && !account->first("pwdPolicySubentry").empty()) {
    request.base = account->first("pwdPolicySubentry");
    request.scope = Scope::Base;
  }
  const SearchAnswer answer = directory_.client().search(request);
  if (!answer.entries.empty()) {
    return "";
  }
  return answer.ok()
             ? "no password policy with pwdLockout: TRUE is visible, without which a lock is "
               "ignored; add one, or set lockout_policy: trusted"
             : answer.why;
}

ActionResult LdapConnector::after_lock(const ActionRequest& request, const Answer& answer,
                                       Attempt& attempt, bool enable) {
  if (std::optional<ActionResult> final = final_answer(answer, attempt)) {
    return *std::move(final);
  }
  if (answer.is(code::kUndefinedType)) {
    return attempt.finish(ResultClass::Unsupported,
                          "this directory does not know " + std::string(traits().lock_attribute));
  }
  attempt.sent("search " + request.item.native_id + " (read back)");
  const ReadAnswer read = read_account(request.item.native_id);
  if (read.state == ReadState::Missing) {
    return attempt.finish(enable ? ResultClass::Failed : ResultClass::Absent, read.why);
  }
  if (read.state != ReadState::Found) {
    return not_seen(answer, read, attempt);
  }
  const std::vector<std::string>& now = read.entry.all(traits().lock_attribute);
  if (reads_enabled(directory_.dialect(), now) != enable) {
    return not_done(answer, attempt);
  }
  if (!enable && directory_.dialect() == Dialect::ActiveDirectory) {
    return attempt.finish(ResultClass::ResidualUntil,
                          "Kerberos tickets that are out already are good until they end",
                          clock_.now() + options_.ticket_life);
  }
  return attempt.finish(ResultClass::Changed, answer.ok() ? "" : answer.why + ", but it is done");
}

ActionResult LdapConnector::write_lock(const ActionRequest& request,
                                       const std::vector<std::string>& was, bool enable) {
  Attempt attempt;
  const ReadAnswer before = read_account(request.item.native_id);
  if (before.state == ReadState::Missing && enable) {
    return attempt.finish(ResultClass::Failed, "it is gone, so there is nothing to enable");
  }
  if (before.state != ReadState::Found) {
    return unread(before, attempt);
  }
  if (traits().lock_attribute.empty()) {
    return attempt.finish(ResultClass::Unsupported,
                          "it is not known how this directory disables accounts; set dialect");
  }
  const std::vector<std::string>& values = before.entry.all(traits().lock_attribute);
  const std::optional<bool> enabled = reads_enabled(directory_.dialect(), values);
  if (!enabled) {
    return attempt.finish(ResultClass::Failed, std::string(traits().lock_attribute) + " of " +
                                                   before.entry.dn + " cannot be read");
  }
  if (*enabled == enable) {
    return attempt.finish(ResultClass::AlreadyDone, "");
  }
  if (const std::string why = enable ? std::string() : why_lock_is_void(&before.entry);
      !why.empty()) {
    return attempt.finish(ResultClass::Unsupported, why);
  }
  const std::vector<Change> changes = lock_changes(directory_.dialect(), values, enable, was);
  attempt.sent(modify_line(before.entry.dn, changes));
  const Answer answer = directory_.client().modify(before.entry.dn, changes);
  note_answer(answer, attempt);
  return after_lock(request, answer, attempt, enable);
}

ActionResult LdapConnector::lock(const ActionRequest& request) {
  return write_lock(request, {}, false);
}

std::string LdapConnector::dangling_groups(const std::string& dn) {
  SearchRequest request;
  request.base = directory_.group_base();
  request.filter = "(|" + equals_filter("member", dn) + equals_filter("uniqueMember", dn) + ")";
  request.attributes = {"1.1"};
  const SearchAnswer answer = directory_.client().search(request);
  return answer.entries.empty()
             ? ""
             : std::to_string(answer.entries.size()) + " groups still name " + dn;
}

ActionResult LdapConnector::erase(const ActionRequest& request) {
  Attempt attempt;
  const ReadAnswer before = read_account(request.item.native_id);
  if (before.state != ReadState::Found) {
    return unread(before, attempt);
  }
  // The name may have been given to somebody else since it was read.
  const std::optional<std::string> guard =
      directory_.has_assertions()
          ? id_filter(directory_.id_attribute(), id_text(directory_.id_attribute(), before.entry))
          : std::nullopt;
  const bool by_id = lower(directory_.id_attribute()) != "dn";
  attempt.sent("delete " + before.entry.dn);
  const Answer answer =
      directory_.client().erase(before.entry.dn, by_id ? guard.value_or("") : std::string());
  note_answer(answer, attempt);
  if (std::optional<ActionResult> final = final_answer(answer, attempt)) {
    return *std::move(final);
  }
  if (answer.is(code::kHasChildren)) {
    return attempt.finish(ResultClass::NeedsHuman,
                          "there are entries below " + before.entry.dn + "; look at them first");
  }
  attempt.sent("search " + request.item.native_id + " (read back)");
  const ReadAnswer after = read_account(request.item.native_id);
  // The last account of all: the same connection saw it a moment ago and was told that it is
  // deleted.
  const bool was_last = answer.ok() && after.unproved_missing;
  if (after.state == ReadState::Missing || was_last) {
    return attempt.finish(ResultClass::Changed, dangling_groups(before.entry.dn));
  }
  return after.state == ReadState::Found ? not_done(answer, attempt)
                                         : not_seen(answer, after, attempt);
}

ActionResult LdapConnector::after_member(const ActionRequest& request, const Answer& answer,
                                         Attempt& attempt, bool add) {
  if (std::optional<ActionResult> final = final_answer(answer, attempt)) {
    return *std::move(final);
  }
  if (answer.is(code::kObjectClass) && !add) {
    return attempt.finish(ResultClass::NeedsHuman,
                          "it is the last member, and this group may not be empty; set "
                          "placeholder_member, or delete the group");
  }
  attempt.sent("search " + request.item.native_id + " (read back)");
  Membership now;
  const ReadAnswer read = read_membership(request.item.native_id, now);
  if (read.state == ReadState::Missing) {
    return attempt.finish(add ? ResultClass::Failed : ResultClass::Absent, read.why);
  }
  if (read.state != ReadState::Found) {
    return not_seen(answer, read, attempt);
  }
  if (now.values.empty() == add) {
    return not_done(answer, attempt);
  }
  // Active Directory refuses with 53 what is so already; the code in its text tells.
  const std::uint32_t win32 = answer.is(code::kUnwilling) ? win32_code(answer.diagnostic) : 0;
  const bool so_already = win32 == kAdNotAMember || win32 == kAdAlreadyMember ||
                          answer.is(code::kNoSuchAttribute) || answer.is(code::kValueExists);
  return attempt.finish(so_already ? ResultClass::AlreadyDone : ResultClass::Changed, "");
}

std::vector<Change> LdapConnector::removal_of(const Membership& found) const {
  std::vector<Change> changes;
  for (const MemberValue& member : found.values) {
    changes.push_back({Change::Op::Delete, member.attribute, {member.value}, false});
    const bool last = found.group.all(member.attribute).size() == 1;
    if (last && member.attribute != "memberUid" && !options_.placeholder_member.empty()) {
      changes.push_back({Change::Op::Add, member.attribute, {options_.placeholder_member}, false});
    }
  }
  return changes;
}

std::vector<Change> LdapConnector::addition_to(const Membership& found,
                                               const std::vector<MemberValue>& captured) const {
  std::vector<Change> changes;
  for (const MemberValue& member : captured) {
    // The account may have another name by now; its uid, where that is what counts, is as it was.
    const std::string value = member.attribute == "memberUid" ? member.value : found.user.dn;
    changes.push_back({Change::Op::Add, member.attribute, {value}, false});
    const std::vector<std::string>& members = found.group.all(member.attribute);
    const bool placeholder =
        std::find(members.begin(), members.end(), options_.placeholder_member) != members.end();
    if (placeholder) {
      changes.push_back(
          {Change::Op::Delete, member.attribute, {options_.placeholder_member}, false});
    }
  }
  return changes;
}

ActionResult LdapConnector::change_member(const ActionRequest& request, bool add) {
  Attempt attempt;
  Membership found;
  const ReadAnswer before = read_membership(request.item.native_id, found);
  if (before.state == ReadState::Missing && add) {
    return attempt.finish(ResultClass::Failed, "the group or the account is gone");
  }
  if (before.state != ReadState::Found) {
    return unread(before, attempt);
  }
  if (found.values.empty() != add) {
    return attempt.finish(ResultClass::AlreadyDone, "");
  }
  const std::vector<Change> changes =
      add ? addition_to(found, captured_members(request.captured)) : removal_of(found);
  attempt.sent(modify_line(found.group.dn, changes));
  const Answer answer = directory_.client().modify(found.group.dn, changes);
  note_answer(answer, attempt);
  return after_member(request, answer, attempt, add);
}

Answer LdapConnector::send_password(const Entry& account, const std::string& password,
                                    Attempt& attempt) {
  if (directory_.dialect() != Dialect::ActiveDirectory) {
    attempt.sent("password modify " + account.dn + " (random, told to nobody)");
    return directory_.client().set_password(account.dn, password);
  }
  const std::vector<Change> changes = {
      {Change::Op::Replace, "unicodePwd", {unicode_password(password)}, true}};
  attempt.sent(modify_line(account.dn, changes));
  return directory_.client().modify(account.dn, changes);
}

ActionResult LdapConnector::set_password(const ActionRequest& request) {
  Attempt attempt;
  const ReadAnswer before = read_account(request.item.native_id);
  if (before.state != ReadState::Found) {
    return unread(before, attempt);
  }
  // Active Directory keeps the last password good for a while, and replicas lag: twice ends both.
  const int times = directory_.dialect() == Dialect::ActiveDirectory ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    const Result<std::string> password = random_password();
    if (!password) {
      return attempt.finish(ResultClass::Failed, password.error().to_string());
    }
    const Answer answer = send_password(before.entry, *password, attempt);
    note_answer(answer, attempt);
    if (std::optional<ActionResult> final = final_answer(answer, attempt)) {
      return *std::move(final);
    }
    if (!answer.ok()) {
      return attempt.finish(
          answer.delivery == Delivery::MaybeSent ? ResultClass::Unknown : ResultClass::Failed,
          answer.why);
    }
  }
  password_proof_.accept(request.marker);
  // WHY: ppolicy takes an administrator's new password as a reason to unlock the account.
  const bool was_enabled =
      reads_enabled(directory_.dialect(), before.entry.all(traits().lock_attribute)).value_or(true);
  if (was_enabled) {
    return attempt.finish(ResultClass::Changed, "");
  }
  ActionRequest again = request;
  again.item.kind = Kind::Account;
  const ActionResult relocked = lock(again);
  for (const std::string& sent : relocked.requests) {
    attempt.sent(sent);
  }
  const bool locked = relocked.result == ResultClass::Changed ||
                      relocked.result == ResultClass::AlreadyDone ||
                      relocked.result == ResultClass::ResidualUntil;
  return locked
             ? attempt.finish(ResultClass::Changed, "")
             : attempt.finish(ResultClass::Failed,
                              "the new password unlocked the account, and it could not be locked "
                              "again: " +
                                  relocked.detail);
}

ActionResult LdapConnector::perform(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  if (request.verb == Verb::Restore) {
    return undo(request);
  }
  switch (task_of(request)) {
  case Task::Lock:
    return lock(request);
  case Task::Erase:
    return erase(request);
  case Task::RemoveMember:
    return change_member(request, false);
  case Task::SetPassword:
    return set_password(request);
  case Task::None:
    break;
  }
  return plain(ResultClass::Unsupported, std::string(verb_name(request.verb)) + " " +
                                             std::string(kind_name(request.item.kind)) +
                                             " is nothing that LDAP can do");
}

ActionResult LdapConnector::undo(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  const bool account = request.item.kind == Kind::Account;
  const bool restorable =
      (account && (request.verb == Verb::Disable || request.verb == Verb::Restore)) ||
      (request.item.kind == Kind::Group &&
       (request.verb == Verb::Remove || request.verb == Verb::Restore));
  if (!restorable) {
    return plain(ResultClass::Unsupported, "what was deleted or set anew cannot be put back");
  }
  const Json captured = Json::parse(request.captured, nullptr, false);
  if (!captured.is_object()) {
    return plain(ResultClass::Failed, "there is no captured state to go back to");
  }
  if (!account) {
    return captured_members(request.captured).empty()
               ? plain(ResultClass::AlreadyDone, "it was not there before either")
               : change_member(request, true);
  }
  if (const Answer opened = directory_.open(); !opened.ok()) {
    Attempt attempt;
    return unread({state_of(opened), {}, opened.why}, attempt);
  }
  const std::vector<std::string> was = captured_values(captured, traits().lock_attribute);
  if (reads_enabled(directory_.dialect(), was) != true) {
    return plain(ResultClass::AlreadyDone, "the account was not enabled before either");
  }
  return write_lock(request, was, true);
}

}  // namespace rescind::ldap
