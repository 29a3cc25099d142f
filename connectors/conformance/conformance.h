// The suite that every connector passes: what the engine relies on, checked against a real system
// through a fixture that knows that system from outside. docs/connectors/README.md says how to
// write one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/connector.h"

namespace rescind::conformance {

// Somebody with an enabled account and one right, freshly made in the system.
struct Person {
  std::string name;
  ItemAddress account;
  ItemAddress right;  // a membership, of the kind that the system has
};

// The system, looked at and changed without the connector. The suite owns the connectors that it
// gets.
class Fixture {
 public:
  virtual ~Fixture() = default;

  virtual std::unique_ptr<Connector> connect() = 0;
  // Whose credential the system refuses.
  virtual std::unique_ptr<Connector> connect_with_wrong_credential() = 0;
  // Whose address nobody answers at.
  virtual std::unique_ptr<Connector> connect_to_dead_endpoint() = 0;

  // Whose listing of accounts ends early. Null: cannot be made with this system.
  virtual std::unique_ptr<Connector> connect_with_cut_listing() { return nullptr; }

  // To a system that says yes to changes and makes none. Null: cannot be made with this system.
  virtual std::unique_ptr<Connector> connect_to_liar() { return nullptr; }

  // Takes back what the two above have set up in the system.
  virtual void end_faults() {}

  virtual Person make_person(const std::string& name) = 0;

  // The credential by which the person gets in, where the connector makes successors of it.
  virtual std::optional<ItemAddress> credential(const Person& /*person*/) { return std::nullopt; }

  // An account that is not there and never was, with a native id of the right form.
  virtual ItemAddress nobody() = 0;
  virtual bool account_exists(const Person& person) = 0;
  // Whether it can be used: it can log in, or the system says so itself.
  virtual bool account_usable(const Person& person) = 0;
  virtual bool has_right(const Person& person) = 0;
  // Everything about a person that must stay as it is while others are worked on.
  virtual std::string fingerprint(const Person& person) = 0;
  // What must never be shown.
  virtual std::vector<std::string> secrets() = 0;
};

struct RuleReport {
  std::string rule;                   // a sentence
  std::vector<std::string> problems;  // empty: it holds
  bool applies = true;                // false: this system gives no way to find out
};

// Runs all rules. Makes several persons; leaves them behind.
std::vector<RuleReport> run_conformance(Fixture& fixture);

}  // namespace rescind::conformance
