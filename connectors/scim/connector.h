// The SCIM connector's class; its parts are in scim.cc (reading), write.cc and discover.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/connector.h"
#include "connectors/scim/client.h"
#include "connectors/scim/listing.h"
#include "connectors/scim/resource.h"

namespace rescind::scim {

struct ScimOptions {
  std::string system;
  std::string holder_attribute;  // of the user: userName, externalId, emails …
  std::int64_t page_size = 100;
  Seconds settle{2};  // how long a change may take to be seen after it was accepted
  bool deactivation_deletes = false;
  bool delete_only_deactivates = false;
};

class ScimConnector final : public Connector {
 public:
  ScimConnector(ScimOptions options, HttpSettings http, Clock& clock);

  Result<Capabilities> capabilities() override;
  Result<Discovery> discover() override;
  Result<Discovery> discover_account(const ItemAddress& account) override;
  Result<Observation> observe(const ItemAddress& item) override;
  ActionResult perform(const ActionRequest& request) override;
  ProbeResult probe(const ActionRequest& request) override;
  ActionResult undo(const ActionRequest& request) override;
  std::vector<std::string> preview(const ActionRequest& request) override;

 private:
  // A wish: the target is to hold (or not hold) what it names.
  struct Wish {
    Target target;
    bool want = false;
    std::string element;  // what comes back when a value is added
  };

  // What one read says about a wish.
  struct Look {
    std::optional<bool> fulfilled;  // nothing: not known
    bool missing = false;           // the resource itself is gone
    ReadAnswer answer;
  };

  // How one dialect went: a result when that settles the matter.
  struct Trial {
    std::optional<ActionResult> result;
    bool accepted = false;  // the server said yes
    std::string why;
  };

  // Nothing: not something this connector does; `why` says so.
  std::optional<Wish> wish_of(const ActionRequest& request, std::string& why) const;
  std::optional<Wish> undo_wish(const ActionRequest& request, ActionResult& refusal) const;
  Look look(const Wish& wish, Attempt* attempt);
  ActionResult fulfil(const Wish& wish);
  // One dialect: `seen` is what was read before and becomes what was read after.
  Trial try_dialect(const Wish& wish, const Dialect& dialect, Look& seen, Attempt& attempt);
  std::optional<ActionResult> settle(const Wish& wish, Attempt& attempt);
  std::vector<Dialect> spoken(const Wish& wish, const ReadAnswer* answer) const;
  ActionResult missing_result(const Wish& wish, Attempt& attempt, bool by_us) const;

  ScimOptions options_;
  ScimClient client_;
  Clock& clock_;
  bool patch_supported_ = true;
  bool etag_supported_ = false;
};

// Where an item of ours lives in SCIM; nothing when the address is not one that this connector
// gives.
std::optional<Target> target_of(const ItemAddress& item);

}  // namespace rescind::scim
