// The script of a simulation: what people and systems do, and when. docs/simulation.md specifies
// the file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "model/event.h"
#include "model/inventory.h"
#include "model/schema.h"
#include "simulate/simulated_estate.h"

namespace rescind {

struct ScriptEntry {
  enum class What : std::uint8_t {
    Use,
    SignIn,
    Enable,
    Fail,
    Mend,
    Approve,
    Refuse,
    Acknowledge,
    Deliver,
    Event,
    Withdraw,
    Revise,
    Undo,
    Record,
    ClockJump,
    AcceptClock
  };
  What what = What::Use;
  Instant at{};
  // use, sign_in, enable, approve, refuse, deliver; "" of approve: whatever may be. undo: whom or
  // what the run is about.
  std::string item;
  std::string by;      // use, sign_in, enable, approve, refuse, acknowledge
  std::string to;      // deliver
  std::string reason;  // refuse
  // approve: the qualified name of a limit that steps may exceed, instead of approving them; ""
  // none
  std::string over_limit;
  EstateFault fault;          // fail, mend
  std::vector<Event> events;  // event, withdraw, revise
  std::string record;         // JSON
  Seconds jump{0};
  std::string text;  // one line for the timeline
};

struct ScriptContext {
  const Schema& schema;
  const Inventory& inventory;
  Instant begin{};
  std::string timezone;            // of the organisation
  std::vector<Event> events = {};  // reported at the beginning
};

// In the order of time. A name that ends in .yaml or .yml is read as YAML, anything else as JSON.
// Empty exactly when an error was reported.
std::optional<std::vector<ScriptEntry>> read_script(SourceSet& sources, SourceFileId file,
                                                    const ScriptContext& context,
                                                    Diagnostics& diagnostics);

}  // namespace rescind
