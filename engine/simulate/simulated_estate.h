// The systems of a simulation, in memory: what is in them, what goes wrong with them, and the
// history of every change with its instant and who made it. They are reached through the connector
// port only, like real ones.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "connect/connector_set.h"
#include "connect/reference_item.h"

namespace rescind {

struct EstateItem : ReferenceItem {
  std::set<std::string> known_to;  // who knows its value
};

struct EstateChange {
  Instant at{};
  std::string by;  // marker of the request, or who did it in the system ("alice", "push")
  std::string
      what;  // a verb, or "minted", "enabled", "destroyed", "removed", "created", "used", "denied"
  std::string item;
};

enum class EstateFaultKind : std::uint8_t {
  Refused,        // no connection; every call
  AuthFailed,     // our credential is refused; every call
  Throttled,      // 429 for `delay`
  ServerError,    // 500, nothing done
  TimeoutBefore,  // no answer, nothing done
  TimeoutAfter,   // no answer, done
  Lying,          // 200, nothing done
  Slow,           // 200, done after `delay`
  Residual,       // done, access lasts `delay`
  Conflict,       // 409
  NeedsHuman,
  Unsupported,
};
std::string_view estate_fault_name(EstateFaultKind kind);  // "timeout_after"
std::optional<EstateFaultKind> find_estate_fault(std::string_view name);
std::vector<std::string_view> estate_fault_names();

struct EstateFault {
  EstateFaultKind kind = EstateFaultKind::ServerError;
  std::string system;        // "" every system
  std::optional<Verb> verb;  // nothing: every change
  std::string item;          // id; "" every item
  Seconds delay{0};
  std::int64_t times = -1;       // how often it strikes; -1: always
  std::optional<Instant> until;  // from then on it does not
};

// Used by one thread.
class SimulatedEstate {
 public:
  explicit SimulatedEstate(Clock& clock) : clock_(clock) {}

  // A system and what it can do; `supports` empty: everything. `pushes_to`: it makes or enables
  // accounts there while the same person's account here is enabled.
  struct System {
    std::vector<std::string> supports;  // "verb" or "verb:kind"
    std::vector<std::string> federated_by, pushes_to;
  };

  // A record of the inventory: a system or an item; others are left alone. What it says of a known
  // item replaces what was known, the rest stays. Errors: Corrupt.
  Status add_record(const std::string& json);
  // One connector per system. The estate must outlive them.
  ConnectorSet connectors();

  std::map<std::string, EstateItem>& items() { return items_; }

  [[nodiscard]] const std::map<std::string, EstateItem>& items() const { return items_; }

  [[nodiscard]] const std::map<std::string, System>& systems() const { return systems_; }

  [[nodiscard]] EstateItem* find(const std::string& id);
  [[nodiscard]] const EstateItem* find(const std::string& id) const;

  [[nodiscard]] const std::vector<EstateChange>& changes() const { return changes_; }

  void note(std::string by, std::string what, std::string item);

  void add_fault(EstateFault fault) { faults_.push_back(std::move(fault)); }

  // Ends every fault of the system ("" of all).
  void mend(const std::string& system);

  // Somebody signs in: the id of the new session. Errors: Auth when the account cannot.
  Result<std::string> sign_in(const std::string& account, const std::string& by);
  // Somebody with a live session makes a token.
  Result<std::string> mint_token(const std::string& account, const std::string& by);
  // Somebody tries to use something; recorded for `usage`, with how it went. Whether it worked.
  bool use(const std::string& item, const std::string& by);
  // Whether it works: there and enabled, as is the account that it belongs to.
  [[nodiscard]] bool can_be_used(const std::string& item) const;
  // Somebody sets `enabled` in the system itself. Errors: NotFound.
  Status enable(const std::string& item, const std::string& by);
  // The dependent has taken up the successor of the item, or the item when it is one itself.
  void confirm_delivery(const std::string& item, const std::string& dependent);
  [[nodiscard]] std::string describe() const;  // one line per item, sorted

  // Called before and after every call that a connector takes, with what it is about to do. May
  // throw, as a crash.
  enum class Moment : std::uint8_t { Before, After };
  std::function<void(Moment, std::string_view call, const std::string& item)> watch;

 private:
  friend class SimulatedSystem;

  struct Postponed {
    Instant due{};
    std::string system;
    ActionRequest request;
  };

  struct Usage {
    std::string item, by;
    Instant at{};
    bool success = true;
  };

  std::optional<EstateFault> take_fault(const std::string& system, std::optional<Verb> verb,
                                        const std::string& item);
  void apply_postponed(const std::string& system);
  ActionResult act(EstateItem& item, const ActionRequest& request,
                   const std::optional<EstateFault>& fault);
  void apply_verb(EstateItem& item, const ActionRequest& request);
  void take_along(const std::string& marker, const std::function<bool(const EstateItem&)>& which);
  void release_license(const std::string& license, const std::string& marker);
  void leave_group(const EstateItem& group, const std::string& marker);
  [[nodiscard]] bool is_last_holder(const EstateItem& right) const;
  [[nodiscard]] std::string mint(const EstateItem& account, Kind kind, const std::string& by);

  Clock& clock_;
  std::map<std::string, System> systems_;
  std::map<std::string, EstateItem> items_;
  std::vector<EstateFault> faults_;
  std::vector<Postponed> postponed_;
  std::vector<EstateChange> changes_;
  std::vector<Usage> usages_;
  std::map<std::string, std::set<std::string>> delivered_;  // successor → dependents
  std::uint64_t minted_ = 0;
  Instant begun_ = clock_.now();
};

}  // namespace rescind
