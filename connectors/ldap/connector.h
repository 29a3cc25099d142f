// The LDAP connector's class; its parts are in ldap.cc (reading), write.cc, rotate.cc
// (successors, use) and discover.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connect/connector.h"
#include "connectors/ldap/session.h"
#include "connectors/support/attempt.h"
#include "connectors/support/password_proof.h"

namespace rescind::ldap {

struct LdapOptions {
  std::string system;
  std::string holder_attribute;    // "": the dialect's
  std::string placeholder_member;  // DN that a group may keep as its last member; "" none
  bool trust_lockout = false;      // do not ask for a password policy that makes a lock count
  bool list_passwords = true;
  Seconds ticket_life{0};              // of Kerberos tickets that outlive a disable; 0: none
  std::optional<Instant> binds_since;  // the last bind of every account is noted from then on
};

// One value of a group that names an account.
struct MemberValue {
  std::string attribute;  // "member" "uniqueMember" "memberUid"
  std::string value;      // as the group has it
};

// A membership, found in the directory.
struct Membership {
  Entry group;
  Entry user;
  std::vector<MemberValue> values;  // a group may name an account in two ways; empty: no member
};

class LdapConnector final : public Connector {
 public:
  LdapConnector(LdapOptions options, DirectoryOptions directory, ClientSettings client,
                Clock& clock);

  Result<Capabilities> capabilities() override;
  Result<Discovery> discover() override;
  Result<Discovery> discover_account(const ItemAddress& account) override;
  Result<Observation> observe(const ItemAddress& given) override;
  ActionResult perform(const ActionRequest& given) override;
  ProbeResult probe(const ActionRequest& given) override;
  ActionResult undo(const ActionRequest& given) override;
  std::vector<std::string> preview(const ActionRequest& given) override;
  Successor create_successor(const ActionRequest& given) override;
  Successor find_successor(const ActionRequest& given) override;
  ActionResult delete_successor(const ActionRequest& given, const ItemAddress& successor) override;
  ActionResult deliver(const DeliveryRequest& request, const Secret& secret) override;
  ProbeResult confirm_delivery(const DeliveryRequest& request) override;
  Result<EvidenceReport> usage(const UsageQuery& query) override;

 private:
  // What this connector is asked for, among what it can do.
  enum class Task { Lock, Erase, RemoveMember, SetPassword, None };
  [[nodiscard]] static Task task_of(const ActionRequest& request);

  [[nodiscard]] const DialectTraits& traits() const { return traits_of(directory_.dialect()); }

  // Everything about an account but its secrets, with the operational attributes that matter.
  ReadAnswer read_account(const std::string& native_id);
  // `found` is filled when the state is Found; Missing: the group or the account is gone.
  ReadAnswer read_membership(const std::string& native_id, Membership& found);
  // The one entry of exactly that name. `operational`: with what the directory itself keeps of it.
  ReadAnswer read_dn(const std::string& dn, bool operational);
  void describe_successor(const ActionRequest& request, const Entry& old, const Entry& made,
                          Successor& out) const;
  Answer join_groups(const Entry& old, const std::string& dn, const std::string& uid,
                     Attempt& attempt);
  // "" when locking has an effect here, else why not. `account` (may be null) can have a policy of
  // its own.
  std::string why_lock_is_void(const Entry* account);

  ActionResult lock(const ActionRequest& request);
  ActionResult write_lock(const ActionRequest& request, const std::vector<std::string>& was,
                          bool enable);
  ActionResult after_lock(const ActionRequest& request, const Answer& answer, Attempt& attempt,
                          bool enable);
  ActionResult erase(const ActionRequest& request);
  std::string dangling_groups(const std::string& dn);
  ActionResult change_member(const ActionRequest& request, bool add);
  [[nodiscard]] std::vector<Change> removal_of(const Membership& found) const;
  [[nodiscard]] std::vector<Change> addition_to(const Membership& found,
                                                const std::vector<MemberValue>& captured) const;
  ActionResult after_member(const ActionRequest& request, const Answer& answer, Attempt& attempt,
                            bool add);
  ActionResult set_password(const ActionRequest& request);
  Answer send_password(const Entry& account, const std::string& password, Attempt& attempt);

  [[nodiscard]] ProbeResult probe_password(const ActionRequest& request,
                                           const Observation& seen) const;

  LdapOptions options_;
  Directory directory_;
  Clock& clock_;
  PasswordProof password_proof_;  // where the directory does not tell when a password was changed
};

// Whether what stands in an attribute (its name in lower case) can prove who somebody is: passwords
// and their hashes, keys, certificates, seeds of one-time passwords.
bool can_authenticate(const std::string& attribute);

// The group attributes that hold members, by name.
const std::vector<std::string>& member_attributes();
// The state of a membership as JSON, and its member values again (empty when they are not there).
std::string membership_state(const Membership& membership);
std::vector<MemberValue> captured_members(const std::string& text);
// The state of an entry as JSON: values that are text, without anything that looks like a secret.
std::string entry_state(const Entry& entry);

}  // namespace rescind::ldap
