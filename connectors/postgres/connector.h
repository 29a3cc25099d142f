// The PostgreSQL connector's class; its parts are in postgres.cc (reading), write.cc (roles,
// sessions, memberships), permissions.cc, erase.cc (objects and roles), rotate.cc (successors, use)
// and discover.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connect/connector.h"
#include "connectors/postgres/catalog.h"
#include "connectors/postgres/client.h"
#include "connectors/support/attempt.h"
#include "connectors/support/password_proof.h"

namespace rescind::postgres {

struct PostgresOptions {
  std::string system;
  std::string reassign_to;  // role that gets the objects of a deleted one; "" none
  Seconds settle{5};        // how long a session may take to end
  bool list_passwords = true;
  bool holder_is_comment = false;  // the person is named in the comment on the role
  Seconds sample_gap{
      0};  // samples of sessions at most so far apart see every session; 0: they do not
};

// One privilege on one object, to be taken away and given back.
struct Grant {
  std::string kind;       // "TABLE" "SCHEMA" …
  std::string class_oid;  // of the catalog that the object is in
  std::string object_oid;
  std::string column;     // number of the column; "0" the object itself
  std::string privilege;  // "SELECT"
  bool grantable = false;
  std::string identity;     // the object as SQL, from the server; not captured
  std::string column_name;  // as SQL; "" the object itself; not captured
};

std::string grants_state(const std::vector<Grant>& grants);
std::vector<Grant> captured_grants(const std::string& state);
// The statements that take everything of these away from a role, or give it back.
std::vector<std::string> revoke_statements(const std::vector<Grant>& grants,
                                           const std::string& role);
std::vector<std::string> grant_statements(const std::vector<Grant>& grants,
                                          const std::string& role);

class PostgresConnector final : public Connector {
 public:
  PostgresConnector(PostgresOptions options, ClientSettings client, Clock& clock);

  Result<Capabilities> capabilities() override;
  Result<Discovery> discover() override;
  Result<Discovery> discover_account(const ItemAddress& account) override;
  Result<Observation> observe(const ItemAddress& item) override;
  ActionResult perform(const ActionRequest& request) override;
  ProbeResult probe(const ActionRequest& request) override;
  ActionResult undo(const ActionRequest& request) override;
  std::vector<std::string> preview(const ActionRequest& request) override;
  Successor create_successor(const ActionRequest& request) override;
  Successor find_successor(const ActionRequest& request) override;
  ActionResult delete_successor(const ActionRequest& request,
                                const ItemAddress& successor) override;
  ProbeResult confirm_delivery(const DeliveryRequest& request) override;
  Result<EvidenceReport> usage(const UsageQuery& query) override;

 private:
  enum class Task {
    Login,
    EndSession,
    Membership,
    Permission,
    Transfer,
    Password,
    Expiry,
    Drop,
    None
  };
  static Task task_of(Verb verb, Kind kind);

  // Observations by kind. A ReadState other than Found is told by `state`.
  struct Seen {
    ReadState state = ReadState::Broken;
    Observation observation;
    std::string why;
  };

  Seen see(const ItemAddress& item);
  Seen see_role(const ItemAddress& item);
  Seen see_session(const ItemAddress& item);
  Seen see_membership(const ItemAddress& item);
  Seen see_objects(const ItemAddress& item);
  // Nothing when the privileges can be told.
  ReadState read_grants(const std::string& role, const std::string& database,
                        std::vector<Grant>& grants, std::string& why);

  ActionResult set_login(const ActionRequest& request, bool login);
  ActionResult end_session(const ActionRequest& request);
  ActionResult change_membership(const ActionRequest& request, bool member);
  ActionResult set_password(const ActionRequest& request);
  // Lets the password expire, or gives it back the validity that was captured.
  ActionResult set_expiry(const ActionRequest& request, bool undoing);
  // What hands the role's own objects and privileges to its heir and to its successor, per
  // database.
  Answer hand_over(const std::string& role, const std::string& heir, const std::string& successor,
                   const std::string& database, Attempt& attempt);
  ActionResult revoke_permissions(const ActionRequest& request);
  ActionResult grant_permissions(const ActionRequest& request);
  ActionResult transfer(const ActionRequest& request);
  ActionResult drop(const ActionRequest& request);
  // Sends the statements as one transaction and notes them.
  Answer send(const std::string& database, const std::vector<std::string>& statements,
              Attempt& attempt);
  // After a change whose goal is `wanted`: reads the item back and says what it came to.
  ActionResult settle(const ActionRequest& request, const Answer& answer, Attempt& attempt,
                      bool undoing);
  [[nodiscard]] ProbeResult probe_password(const ActionRequest& request,
                                           const Observation& seen) const;
  [[nodiscard]] static bool goal_holds(Task task, const Observation& seen, bool undoing);
  void describe_successor(const ActionRequest& request, const std::string& name,
                          const std::string& comment, Successor& out) const;
  // The statements that let us act on objects of a role, first, and take that back, last.
  std::vector<std::string> as_member_of(const std::string& role,
                                        std::vector<std::string> statements, ReadState& state,
                                        std::string& why);
  [[nodiscard]] std::string receiver(const ActionRequest& request) const;
  // The database that an item of ROLE/DATABASE lies in.
  [[nodiscard]] std::string database_of(const std::string& part) const;

  PostgresOptions options_;
  Client client_;
  Clock& clock_;
  // It shows nobody a password, so its word at the commit is all the proof there is.
  PasswordProof password_proof_;
};

// What an answer that is an error means, when reading back shows that nothing was done.
ActionResult failure(const Answer& answer, Attempt& attempt);
// What a read that did not find the item means before anything was changed.
ActionResult unread(ReadState state, const std::string& why, Attempt& attempt);

}  // namespace rescind::postgres
