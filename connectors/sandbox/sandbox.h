// The sandbox: a reference system kept in one SQLite file, for demos, tests and scripted failures.
// It keeps what real systems do wrong or unexpectedly: sessions outlive a disable, a re-enabled
// account has its old sessions back, a removed license takes the mailbox with it. See
// docs/connectors/sandbox.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "connect/connector.h"

namespace rescind {

// Settings: `path` (the file; required), `seed` (inventory file or folder that fills the system
// when the file has nothing of it). Errors: Unsupported for another setting, those of the file.
Result<std::unique_ptr<Connector>> make_sandbox_connector(const ConnectorConfig& config,
                                                          Clock& clock);

// What can be made to go wrong.
enum class SandboxFaultKind : std::uint8_t {
  Latency,              // value: milliseconds; every call
  Refused,              // no connection; every call
  AuthFailed,           // our credential is refused; every call
  Throttled,            // 429; value: seconds to wait
  ServerError,          // 500, nothing done
  TimeoutBeforeEffect,  // no answer, nothing done
  TimeoutAfterEffect,   // no answer, done
  Lying,                // 200, nothing done
  SlowEffect,           // 200, done after value seconds
  Async,                // 202, done after value seconds
  Residual,             // done, access lasts value seconds
  Conflict,             // 409
  NeedsHuman,
  NeedsCodeChange,
  Unsupported,
  TruncatedListing,  // discover stops after half of the kind `item`
  LostSecret,        // "create": made, and its value never arrives
  Deaf,              // "read": the dependent `item` does not take up what is delivered
};

struct SandboxFault {
  SandboxFaultKind kind = SandboxFaultKind::ServerError;
  std::string system;  // "" every system
  // Verb name, "observe", "probe", "discover", "create", "deliver", "read"; "" every one it can
  // hit.
  std::string call;
  std::string item;  // glob over item ids; "" every item
  std::int64_t value = 0;
  std::int64_t times = 1;  // how often it strikes; -1: always
};

// One real change of the sandbox's state.
struct SandboxEffect {
  std::string marker;  // of the request
  std::string verb;    // or what followed from it: "destroyed", "removed", "minted", "undone"
  std::string item;
};

// The file itself, for seeding, scripting and looking. Not a connector. Thread-safe.
class SandboxWorld {
 public:
  virtual ~SandboxWorld() = default;

  // Adds items from inventory records, one JSON object a line; records that are no items are
  // skipped. An id that is already there is left as it is. Errors: Corrupt for a line that cannot
  // be read.
  virtual Result<std::uint64_t> seed(std::string_view jsonl) = 0;
  virtual Status add_fault(const SandboxFault& fault) = 0;
  virtual Status clear_faults() = 0;
  // Somebody signs in: a live session of the account. Errors: Auth when it cannot sign in.
  virtual Result<std::string> sign_in(const std::string& account_id) = 0;
  // Somebody uses a credential or an account: an entry in the log of use. False: it was refused.
  virtual Result<bool> use_item(const std::string& item_id, const std::string& by, Instant at) = 0;
  // Use in the system is noted from then on; without it, from when it is first asked for.
  virtual Status watch_use(const std::string& system, Instant since) = 0;
  // What a dependent reads at a path of the system's vault: the value written last. Errors:
  // NotFound.
  virtual Result<std::string> read_secret(const std::string& system, const std::string& path) = 0;
  // One line per item, sorted by id: what an uninterrupted and an interrupted run must agree on.
  virtual Result<std::string> describe() = 0;
  virtual Result<std::vector<SandboxEffect>> list_effects() = 0;  // oldest first
};

Result<std::unique_ptr<SandboxWorld>> open_sandbox_world(const std::string& path);

}  // namespace rescind
