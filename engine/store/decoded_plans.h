// Plans of runs that were decoded lately: what a run was opened with never changes, and one that is
// worked is read again and again.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "model/plan.h"

namespace rescind {

// Thread-safe. Keeps a few small ones.
class DecodedPlans {
 public:
  // As decode_plan, whose answer for the same text is the same.
  Result<std::shared_ptr<const Plan>> decode(const std::string& text);

 private:
  struct Entry {
    std::string text;
    std::shared_ptr<const Plan> plan;
  };

  std::mutex mutex_;
  std::deque<Entry> entries_;  // the one that was asked for last stands first
  std::size_t bytes_ = 0;      // of all texts
};

}  // namespace rescind
