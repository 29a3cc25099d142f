#include "store/decoded_plans.h"

#include <algorithm>
#include <utility>

namespace rescind {
namespace {

constexpr std::size_t kMostBytes = 4U << 20U;  // of all texts
constexpr std::size_t kLongest = 1U << 20U;    // of one; longer ones are not kept

}  // namespace

Result<std::shared_ptr<const Plan>> DecodedPlans::decode(const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(entries_.begin(), entries_.end(),
                                    [&text](const Entry& entry) { return entry.text == text; });
    if (known != entries_.end()) {
      std::rotate(entries_.begin(), known, known + 1);
      return entries_.front().plan;
    }
  }
  RESCIND_ASSIGN_OR_RETURN(Plan plan, decode_plan(text));
  auto shared = std::make_shared<const Plan>(std::move(plan));
  if (text.size() <= kLongest) {
    const std::lock_guard lock(mutex_);
    entries_.push_front({text, shared});
    bytes_ += text.size();
    while (bytes_ > kMostBytes) {
      bytes_ -= entries_.back().text.size();
      entries_.pop_back();
    }
  }
  return shared;
}

}  // namespace rescind
